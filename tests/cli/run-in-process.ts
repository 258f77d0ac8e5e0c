import type { Language } from '@sekisho/contract';
import { run } from '../../packages/cli/src/program.ts';
import { Screen } from '../../packages/cli/src/screen.ts';
import { en } from '../../packages/cli/src/texts/en.ts';
import { ja } from '../../packages/cli/src/texts/ja.ts';
import type { Finished } from './run-command.ts';

/** The same without a process of its own, where only what is written matters: a process costs 0.3 s. */
export async function sekishoInProcess(
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly language: Language;
  },
): Promise<Finished> {
  const finished = { stdout: '', stderr: '' };
  const screen = new Screen(
    { write: (text) => (finished.stdout += text) },
    { write: (text) => (finished.stderr += text) },
    options.env,
  );
  const texts = options.language === 'ja' ? ja : en;
  const context = { ...options, screen, texts, stdin: process.stdin, now: () => Date.now() };
  return { code: await run(args, context, args.includes('--json')), ...finished };
}
