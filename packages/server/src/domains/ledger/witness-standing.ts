import { SekishoError } from '@sekisho/contract';
import {
  Refusal,
  formatSignatureLine,
  parseNote,
  parseTimedSignature,
  verifiedSignatures,
} from '@sekisho/proof';
import type { PolicyWitness } from '@sekisho/proof';
import type { Clock } from '../../base/clock.ts';
import type { Ledger, LogName, SignedCheckpoint } from './ledger.ts';
import type { WitnessClient } from './witness-ports.ts';

/**
 * How one witness stands to the log.
 * - `waiting`: it has not answered yet. `cosigned`: its last answer was a good cosignature.
 * - `unreachable`: no usable answer. `invalid`: its answer was not its signature on our checkpoint.
 * - `refused`: it says that this tree does not continue the one it knows. `ahead`: it has cosigned a
 *   larger tree than the cell has. Either the cell was set back, or its log was forked.
 * - `no-address`: the policy names no URL.
 */
export type WitnessState =
  | 'waiting'
  | 'cosigned'
  | 'unreachable'
  | 'invalid'
  | 'refused'
  | 'ahead'
  | 'no-address';

export interface WitnessRetryPace {
  readonly firstMs: number;
  readonly lastMs: number;
}

type Outcome =
  | { readonly state: 'cosigned'; readonly line: string; readonly timeSeconds: number }
  | { readonly state: Exclude<WitnessState, 'cosigned' | 'waiting' | 'no-address'> };

/** One witness of the policy: what it has cosigned, and when it may be asked again. */
export class WitnessStanding {
  readonly witness: PolicyWitness;
  state: WitnessState;
  /** Leaves of the last checkpoint that it is known to have cosigned. */
  cosignedSize = 0;
  cosignedAtSeconds: number | undefined;
  failures = 0;
  #askAgainMs = Number.NEGATIVE_INFINITY;

  constructor(witness: PolicyWitness) {
    this.witness = witness;
    this.state = witness.url === undefined ? 'no-address' : 'waiting';
  }

  /**
   * What a stored note says. Not how far it is when that is further than the log: the log was set
   * back, so the witness is asked at once, and will say that it is ahead.
   */
  takeUp(cosignedSize: number, timeSeconds: number, logSize: number): void {
    if (cosignedSize > logSize) return;
    this.cosignedSize = cosignedSize;
    this.cosignedAtSeconds = timeSeconds;
  }

  isDue(size: number, clock: Clock): boolean {
    return (
      this.witness.url !== undefined && this.cosignedSize < size && clock.monotonicMs() >= this.#askAgainMs
    );
  }

  note(outcome: Outcome, size: number, clock: Clock, retry: WitnessRetryPace): void {
    this.state = outcome.state;
    if (outcome.state === 'cosigned') {
      this.cosignedSize = size;
      this.cosignedAtSeconds = outcome.timeSeconds;
      this.failures = 0;
      return;
    }
    const delayMs = Math.min(retry.lastMs, retry.firstMs * 2 ** Math.min(this.failures, 20));
    this.failures++;
    this.#askAgainMs = clock.monotonicMs() + delayMs;
  }
}

/**
 * Asks one address to cosign a checkpoint, for all of its keys that are given: a witness whose key rotates
 * answers with a line of each. Starts from the size that the first is known to have cosigned, and once
 * more from the one that it names instead. An outcome a standing, in order. Never rejects for what the
 * witness does.
 */
export async function askWitness(
  standings: readonly [WitnessStanding, ...WitnessStanding[]],
  checkpoint: SignedCheckpoint,
  from: { readonly ledger: Ledger; readonly log: LogName; readonly client: WitnessClient },
): Promise<Outcome[]> {
  const { ledger, log, client } = from;
  const [{ witness, cosignedSize }] = standings;
  const all = (state: Exclude<Outcome['state'], 'cosigned'>): Outcome[] => standings.map(() => ({ state }));
  let oldSize = Math.min(cosignedSize, checkpoint.size);
  for (let attempt = 0; attempt < 2; attempt++) {
    const proof = await proofFrom(ledger, log, oldSize, checkpoint.size);
    const request = { oldSize, proof, checkpoint: checkpoint.note };
    const answer = await client.addCheckpoint(witness.url ?? '', request).catch(() => undefined);
    if (answer === undefined) return all('unreachable');
    if (answer.kind === 'refused') return all(answer.status === 422 ? 'refused' : 'invalid');
    if (answer.kind === 'cosigned') {
      return standings.map((each) => readCosignature(each.witness, checkpoint.note, answer.lines));
    }
    // Somebody else may have shown it a newer checkpoint of ours: then the next round has caught up.
    if (answer.size > checkpoint.size) {
      return all(answer.size > ledger.checkpoint(log).size ? 'ahead' : 'unreachable');
    }
    oldSize = answer.size;
  }
  return all('invalid');
}

async function proofFrom(
  ledger: Ledger,
  log: LogName,
  oldSize: number,
  size: number,
): Promise<readonly Uint8Array[]> {
  try {
    return await ledger.consistencyProof(log, oldSize, size);
  } catch (cause) {
    // A damaged tile must not end the asking: the witness then refuses what we cannot prove.
    if (cause instanceof SekishoError) return [];
    throw cause;
  }
}

/** The witness's own line among hostile ones, verified over the very body that it was asked about. */
function readCosignature({ key }: PolicyWitness, note: string, lines: string): Outcome {
  try {
    const { body, signatures } = verifiedSignatures(note + lines, [key]);
    const [signed] = signatures;
    const timed = signed && parseTimedSignature(signed.signature);
    // Lines with an empty one among them would move where the body ends.
    if (
      body === parseNote(note).body &&
      signed !== undefined &&
      timed !== undefined &&
      timed.timeSeconds > 0
    ) {
      const line = formatSignatureLine({ name: key.name, keyId: key.keyId, signature: signed.signature });
      return { state: 'cosigned', line, timeSeconds: timed.timeSeconds };
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return { state: 'invalid' };
}
