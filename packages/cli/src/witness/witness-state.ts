import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Refusal, parseCheckpoint, verifyNote } from '@sekisho/proof';
import type { Checkpoint } from '@sekisho/proof';
import { readIfPresent, replaceDurably, syncFolder } from './durable-file.ts';
import { judgeSubmission } from './judge-submission.ts';
import type { Judgement, Submission } from './judge-submission.ts';
import { unusable } from './witness-key.ts';
import type { WitnessKeys } from './witness-key.ts';

/** Submissions about one log that wait for their turn. */
const WAITING_MAX = 64;

interface Cosigned {
  readonly checkpoint: Checkpoint;
  /** The note with the log's signatures and ours. */
  readonly note: string;
}

export type SubmissionAnswer =
  | Exclude<Judgement, { answer: 'cosign' }>
  | { readonly answer: 'cosigned'; readonly lines: string }
  | { readonly answer: 'unavailable' };

/**
 * What one witness knows of one log: the last checkpoint that it cosigned. Comparing and persisting
 * are one step, in turn: of two submissions at once the second sees what the first left, so that the
 * known size never shrinks (C2SP tlog-witness, the race at the end of `add-checkpoint`).
 *
 * Crash order: the cosignature leaves only after the checkpoint is durable. A crash before that
 * leaves the old or the new checkpoint, and nobody holds our word for either.
 */
export class LogWitness {
  readonly #file: string;
  readonly #keys: WitnessKeys;
  readonly #nowMs: () => number;
  #known: Cosigned | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #failed = false;

  private constructor(file: string, keys: WitnessKeys, nowMs: () => number, known: Cosigned | undefined) {
    this.#file = file;
    this.#keys = keys;
    this.#nowMs = nowMs;
    this.#known = known;
  }

  /**
   * Throws `witness_state_unusable` when what is stored is not a checkpoint of this log that this
   * witness cosigned: starting from nothing would let the log start anew as well.
   */
  static async open(
    folder: string,
    origin: string,
    keys: WitnessKeys,
    nowMs: () => number,
  ): Promise<LogWitness> {
    const file = join(folder, 'logs', originHash(origin), 'checkpoint');
    await makeFolder(dirname(file));
    const note = await readIfPresent(file);
    if (note === undefined) return new LogWitness(file, keys, nowMs, undefined);
    const checkpoint = cosignedCheckpoint(note, keys);
    if (checkpoint?.origin !== origin) throw unusable(folder, (texts) => texts.witness.damaged(file));
    return new LogWitness(file, keys, nowMs, { checkpoint, note });
  }

  /** The note that was cosigned last; undefined before the first. */
  get latest(): string | undefined {
    return this.#known?.note;
  }

  /** Rejects when the disk fails; from then on answers `unavailable` until a restart has read it again. */
  async submit(submission: Submission): Promise<SubmissionAnswer> {
    if (this.#waiting >= WAITING_MAX) return { answer: 'unavailable' };
    this.#waiting++;
    const answer = this.#turn.then(() => this.#judgeAndPersist(submission));
    this.#turn = answer.catch(() => undefined);
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  async #judgeAndPersist(submission: Submission): Promise<SubmissionAnswer> {
    if (this.#failed) return { answer: 'unavailable' };
    const judgement = judgeSubmission(submission, this.#known?.checkpoint);
    if (judgement.answer !== 'cosign') return judgement;
    const timeSeconds = Math.floor(this.#nowMs() / 1000);
    const lines = this.#keys.cosigners
      .map((cosigner) => cosigner.cosign(submission.body, timeSeconds))
      .join('');
    const note = submission.note + lines;
    try {
      await replaceDurably(this.#file, note);
    } catch (error) {
      // Nobody knows what the disk holds now.
      this.#failed = true;
      throw error;
    }
    this.#known = { checkpoint: submission.parsed, note };
    return { answer: 'cosigned', lines };
  }
}

/** Names the log in files and in `GET /{hash}/checkpoint`. */
export function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex');
}

function cosignedCheckpoint(note: string, { verifiers }: WitnessKeys): Checkpoint | undefined {
  try {
    return parseCheckpoint(verifyNote(note, verifiers).body);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A folder of the state folder's `logs`, durable; also one that a start left behind before it was. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(folder));
  await syncFolder(dirname(dirname(folder)));
}
