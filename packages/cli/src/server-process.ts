import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CommandContext } from './command-context.ts';
import { CommandFailure } from './failure.ts';

/** The path of a program of the server's package; its code is never loaded here. */
export async function findServerProgram(name: 'main.ts' | 'restore.ts'): Promise<string> {
  try {
    const program = fileURLToPath(new URL(name, import.meta.resolve('@sekisho/server')));
    await access(program);
    return program;
  } catch (error) {
    throw new CommandFailure('server_missing', (texts) => texts.failures.serverMissing, { cause: error });
  }
}

/** The server's exit code; 128 and the signal's number when a signal ended it, as shells count. */
export function runServer(
  main: string,
  serverArguments: readonly string[],
  { env, language, stdin }: Pick<CommandContext, 'env' | 'language' | 'stdin'>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(process.execPath, [main, ...serverArguments], {
      stdio: 'inherit',
      env: { ...env, SEKISHO_LANG: language },
    });
    const terminate = (): void => void server.kill('SIGTERM');
    // Ctrl-C in a terminal reaches the whole process group, so the server already has it: a second
    // one would read as impatience. The handler still keeps this process waiting.
    const interrupt = (): void => void (stdin.isTTY || server.kill('SIGINT'));
    process.on('SIGTERM', terminate);
    process.on('SIGINT', interrupt);
    const stopListening = (): void => {
      process.off('SIGTERM', terminate);
      process.off('SIGINT', interrupt);
    };
    server.once('error', (error) => {
      stopListening();
      reject(error);
    });
    server.once('exit', (code, signal) => {
      stopListening();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
