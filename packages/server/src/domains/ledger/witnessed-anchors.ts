import { AnchorEntry, WITNESSED_CHECKPOINT_LENGTH_MAX } from '@sekisho/contract';
import type { Witnessed } from '@sekisho/contract';
import { base64, equalBytes, hex, policySatisfied } from '@sekisho/proof';
import type { VerifierKey, WitnessPolicy } from '@sekisho/proof';
import { describeCause } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { AnchorPositions } from './anchor-positions.ts';
import type { AnchorPosition } from './anchor-positions.ts';
import type { LedgerReading, LogName, SignedCheckpoint } from './ledger.ts';
import type { WitnessedCheckpointStore } from './witness-ports.ts';

/** Entries of the cell's log that are read at once, and at most, to find each log's anchor at a start. */
const LOOK_BACK_STEP = 1024;
const LOOK_BACK_MAX = 65_536;
/** Logs whose proof is kept until the next witnessed checkpoint. */
const CACHED_LOGS_MAX = 1024;
const WAITING_MAX = 1000;

export interface WitnessedAnchorsPace {
  /** Between two looks at the cell's log. */
  readonly intervalMs: number;
  /** How long a caller waits for the witnesses. */
  readonly patienceMs: number;
}

const defaultPace: WitnessedAnchorsPace = { intervalMs: 200, patienceMs: 10_000 };

export type AnchorReading = Pick<
  LedgerReading,
  'logs' | 'checkpoint' | 'checkpointAt' | 'inclusionProof' | 'readEntries'
>;

export interface WitnessedAnchorsParts {
  readonly ledger: AnchorReading;
  /** The log that holds the anchors. */
  readonly log: LogName;
  /** Its keys today. */
  readonly logKeys: () => readonly VerifierKey[];
  readonly policy: WitnessPolicy;
  readonly store: Pick<WitnessedCheckpointStore, 'read'>;
  readonly journal: Log;
  readonly pace?: WitnessedAnchorsPace;
}

/** A tree of a log, and what leads from it to the witnesses' cosignatures. */
export interface WitnessedTree {
  /** The log at exactly the anchored size. */
  readonly checkpoint: SignedCheckpoint;
  readonly witnessed: Witnessed;
}

/** Of the cell's log. */
interface CosignedTree {
  readonly note: string;
  readonly size: number;
  /** What leads to it, by log. */
  readonly leading: Map<LogName, { readonly at: AnchorPosition; readonly witnessed: Promise<Witnessed> }>;
}

/**
 * Knows for each log the largest tree that witnesses vouch for. It follows the cell's log by reading it,
 * as it is published, and so works in every process that can read the log, not only in the one that
 * writes the anchors. It keeps positions only, and nothing rests on it: after a start it reads back
 * until it has an anchor of each log.
 */
export class WitnessedAnchors {
  readonly #parts: WitnessedAnchorsParts;
  readonly #pace: WitnessedAnchorsPace;
  readonly #positions = new AnchorPositions();
  /** The first entry of the cell's log that was not read yet. */
  #next: number | undefined;
  #judgedNote: string | undefined;
  #judgedUnder = '';
  #cosigned: CosignedTree | undefined;
  readonly #waiting = new Set<() => void>();
  #news = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #failing = false;

  constructor(parts: WitnessedAnchorsParts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? defaultPace;
  }

  start(): void {
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#running;
  }

  /**
   * A tree of the log that holds this index and that the quorum of witnesses vouches for; undefined while
   * there is none. Never rejects: a receipt without witnesses is still one.
   */
  async covering(log: LogName, index: number): Promise<WitnessedTree | undefined> {
    const cosigned = this.#cosigned;
    if (cosigned === undefined) return undefined;
    try {
      const at = this.#positions.largestCovered(originOf(this.#parts.ledger.checkpoint(log)));
      if (at === undefined || at.size <= index) return undefined;
      // Signed anew each time, by the keys of today: see `checkpointAt`.
      const checkpoint = await this.#parts.ledger.checkpointAt(log, at.size);
      const witnessed = await this.#leadingFrom(log, at, cosigned);
      if (witnessed.anchor.root === `sha256:${hex(checkpoint.root)}`) return { checkpoint, witnessed };
      throw new Error(`the tree of ${at.size} leaves is not the one that was anchored`);
    } catch (cause) {
      this.#parts.journal.warn('witnessed.unproven', { log, cause: describeCause(cause) });
      return undefined;
    }
  }

  /** As {@link covering}, and waits for the witnesses, not longer than the pace says or until `signal` aborts. */
  async awaitCovering(log: LogName, index: number, signal?: AbortSignal): Promise<WitnessedTree | undefined> {
    const patience = AbortSignal.timeout(this.#pace.patienceMs);
    const ended = signal === undefined ? patience : AbortSignal.any([patience, signal]);
    for (;;) {
      const news = this.#news;
      const tree = await this.covering(log, index);
      if (tree !== undefined || ended.aborted || this.#closed || this.#waiting.size >= WAITING_MAX)
        return tree;
      await this.#newsSince(news, ended);
    }
  }

  #newsSince(news: number, ended: AbortSignal): Promise<void> {
    // What came while the caller looked would otherwise wake nobody.
    if (this.#news !== news) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        ended.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      ended.addEventListener('abort', done);
      if (ended.aborted) done();
    });
  }

  #wake(): void {
    this.#news++;
    for (const done of this.#waiting) done();
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#tryFollow().finally(() => this.#schedule(this.#pace.intervalMs));
    }, delayMs);
    this.#timer.unref();
  }

  async #tryFollow(): Promise<void> {
    try {
      // The note first: what it covers is then known while the entries are read.
      const cosignedAnew = await this.#takeCosigned();
      const readAnew = await this.#readAnchors();
      if (cosignedAnew || readAnew) this.#wake();
      this.#failing = false;
    } catch (cause) {
      // Once, not at every look: the ledger says itself what is wrong with it.
      if (!this.#failing)
        this.#parts.journal.warn('witnessed.follow.failed', { cause: describeCause(cause) });
      this.#failing = true;
    }
  }

  /** True when the witnesses have cosigned a tree that this process did not know of. */
  async #takeCosigned(): Promise<boolean> {
    const { ledger, log, logKeys, policy, store, journal } = this.#parts;
    const note = await store.read(log);
    const keys = logKeys();
    this.#judgeAgainUnder(keys);
    if (note === undefined || note === this.#judgedNote) return false;
    const judged = policySatisfied(policy, note, keys);
    if (judged.verdict === 'unsatisfied') this.#judgedNote = note;
    if (judged.verdict !== 'satisfied') return false;
    const { size, root } = judged.checkpoint;
    // Another process may have published further than this one has seen.
    if (size > ledger.checkpoint(log).size || size < (this.#cosigned?.size ?? 0)) return false;
    this.#judgedNote = note;
    if (note.length > WITNESSED_CHECKPOINT_LENGTH_MAX) {
      journal.warn('witnessed.note.too_long', { size });
      return false;
    }
    if (!equalBytes((await ledger.checkpointAt(log, size)).root, root)) {
      journal.error('witnessed.fork', { size });
      return false;
    }
    this.#cosigned = { note, size, leading: new Map() };
    this.#positions.cover(size);
    return true;
  }

  /** A key that was compromised since vouches for nothing any more, also not for what was taken before. */
  #judgeAgainUnder(keys: readonly VerifierKey[]): void {
    const names = keys.map(({ name, keyId }) => `${name}+${keyId}`).join(' ');
    if (names === this.#judgedUnder) return;
    this.#judgedUnder = names;
    this.#judgedNote = undefined;
    const cosigned = this.#cosigned;
    if (cosigned === undefined) return;
    const judged = policySatisfied(this.#parts.policy, cosigned.note, keys);
    if (judged.verdict !== 'satisfied') this.#cosigned = undefined;
  }

  /** True when there were entries that this process had not read. */
  async #readAnchors(): Promise<boolean> {
    const { ledger, log } = this.#parts;
    const { size } = ledger.checkpoint(log);
    if (this.#next === undefined) {
      await this.#lookBack(size);
      this.#next = size;
      return true;
    }
    if (this.#next >= size) return false;
    await this.#readBetween(this.#next, size);
    this.#next = size;
    return true;
  }

  /** A log that has not grown for long has its anchor far back. */
  async #lookBack(size: number): Promise<void> {
    const { ledger, log } = this.#parts;
    const end = Math.max(0, size - LOOK_BACK_MAX);
    const unanchored = (): boolean =>
      ledger
        .logs()
        .some((each) => each !== log && !this.#positions.largestCovered(originOf(ledger.checkpoint(each))));
    for (let to = size; to > end && !this.#closed && unanchored(); to -= LOOK_BACK_STEP) {
      await this.#readBetween(Math.max(end, to - LOOK_BACK_STEP), to);
    }
  }

  async #readBetween(from: number, to: number): Promise<void> {
    for await (const { index, bytes } of this.#parts.ledger.readEntries(this.#parts.log, from, to)) {
      const anchor = anchorOf(bytes);
      if (anchor !== undefined) this.#positions.add(anchor.origin, { index, size: anchor.size });
    }
  }

  async #leadingFrom(log: LogName, at: AnchorPosition, cosigned: CosignedTree): Promise<Witnessed> {
    const { leading } = cosigned;
    const known = leading.get(log);
    if (known?.at.index === at.index) return known.witnessed;
    const witnessed = this.#prove(at, cosigned);
    leading.set(log, { at, witnessed });
    for (const oldest of leading.keys()) {
      if (leading.size <= CACHED_LOGS_MAX) break;
      leading.delete(oldest);
    }
    // What could not be read now may be readable the next time.
    witnessed.catch(() => leading.get(log)?.witnessed === witnessed && leading.delete(log));
    return witnessed;
  }

  async #prove(at: AnchorPosition, { note, size }: CosignedTree): Promise<Witnessed> {
    const anchor = await this.#readAnchor(at.index);
    const hashes = await this.#parts.ledger.inclusionProof(this.#parts.log, at.index, size);
    return { anchor, inclusion: { index: at.index, hashes: hashes.map(base64) }, checkpoint: note };
  }

  async #readAnchor(index: number): Promise<AnchorEntry> {
    for await (const { bytes } of this.#parts.ledger.readEntries(this.#parts.log, index, index + 1)) {
      const anchor = anchorOf(bytes);
      if (anchor !== undefined) return anchor;
    }
    throw new Error(`entry ${index} is no anchor`);
  }
}

/** The first line of a checkpoint. */
function originOf({ note }: SignedCheckpoint): string {
  return note.slice(0, note.indexOf('\n'));
}

/** Canonical JSON sorts keys, and no key of an anchor sorts before its kind. */
const ANCHOR_START = Buffer.from('{"kind":"anchor",');

function anchorOf(bytes: Uint8Array): AnchorEntry | undefined {
  if (!equalBytes(bytes.subarray(0, ANCHOR_START.length), ANCHOR_START)) return undefined;
  const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return AnchorEntry.safeParse(parsed).data;
}
