import type { Command } from 'commander';
import type { Language } from '@sekisho/contract';
import type { Screen } from './screen.ts';
import type { Texts } from './texts/en.ts';

/** What the process gives to the command; tests of single parts give their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly screen: Screen;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface CommandContext extends Surroundings {
  readonly language: Language;
  readonly texts: Texts;
}

/**
 * Adds one command to the program. `finish` takes the exit code of its action. 0: done, or the
 * answer is yes. 1: the answer is no (denied, invalid, not equal, a failed check). 2 is for a
 * thrown failure: there is no answer (wrong usage, unreadable file, unreachable cell, its error).
 * `up` gives the exit code of the server.
 */
export type AddCommand = (
  program: Command,
  context: CommandContext,
  finish: (exitCode: number) => void,
) => void;
