import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './command-context.ts';

/** Asks a person on the terminal. Ctrl-C and Ctrl-D are a no. */
export async function confirm(question: string, { stdin }: Pick<CommandContext, 'stdin'>): Promise<boolean> {
  const terminal = createInterface({ input: stdin, output: process.stderr });
  try {
    return isYes(await terminal.question(`${question} `));
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    terminal.close();
  }
}

/** Anything but a clear yes is a no. */
export function isYes(answer: string): boolean {
  return /^(?:y|yes|はい)$/i.test(answer.normalize('NFKC').trim());
}
