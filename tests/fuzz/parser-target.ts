import { SekishoError } from '@sekisho/contract';
import { Refusal, equalBytes } from '@sekisho/proof';
import { CommandFailure } from '../../packages/cli/src/failure.ts';
import type { Choices } from './random-choices.ts';

/** What came of one input: `accepted`, or the code of a refusal and, where it names one, the place. */
export interface Outcome {
  readonly code: string;
  readonly where?: string;
}

/** One parser, with what it may say. */
export interface ParserTarget {
  readonly name: string;
  /** Where mutation begins; the run also gives each of them as it is. */
  readonly corpus: readonly Uint8Array[];
  /**
   * All that may come of any input. Whatever else is thrown is a fault, and so is a code that no
   * input of a whole run reached.
   */
  readonly outcomes: readonly string[];
  /** Outcomes that are as good, though nothing leads to them for certain. */
  readonly mayStayUnreached?: readonly string[];
  /** Longest input that is made. */
  readonly bytesMax?: number;
  /** Against the others, whose share is 1: less for what takes long. */
  readonly share?: number;
  /** Whether it waits for a disk or a network, which others may keep busy. */
  readonly waits?: boolean;
  /**
   * Throws a refusal, returns the outcome, or, when what it was given shows the parser wrong, throws
   * an {@link OracleFault}.
   */
  parse(input: Uint8Array): Outcome | void | Promise<Outcome | void>;
  /** Changes that know the format: what gets past a checksum or a signature. */
  mutate?(input: Uint8Array, choices: Choices): Uint8Array;
  /** Ends what the target started. */
  close?(): Promise<void>;
}

export const ACCEPTED = 'accepted';

/** An input was accepted that is not what it was taken for. */
export class OracleFault extends Error {
  override readonly name = 'OracleFault';
}

/** The typed refusals of the packages; anything else that is thrown is a fault of the parser. */
export function outcomeOfThrown(thrown: unknown): Outcome | undefined {
  if (thrown instanceof Refusal) return { code: thrown.code, where: thrown.where };
  if (thrown instanceof SekishoError || thrown instanceof CommandFailure) return { code: thrown.code };
  return undefined;
}

/** For a format in which there is one spelling of each value. */
export function requireSameBytes(written: Uint8Array, read: Uint8Array): void {
  if (!equalBytes(written, read)) throw new OracleFault('accepted, yet it is written in another way');
}

export function requireThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new OracleFault(what);
}
