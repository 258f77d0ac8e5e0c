import { createHash } from 'node:crypto';
import type { LedgerEntry } from '@sekisho/contract';
import {
  TreeFrontier,
  canonicalJson,
  ed25519NoteSigner,
  inclusionProof,
  leafHash,
  parseVerifierKey,
  signCheckpoint,
  type VerifierKey,
} from '@sekisho/proof';
import type { SignedCheckpoint } from '../ledger.ts';
import type { AnchorReading } from '../witnessed-anchors.ts';

/** Logs in memory as a replica reads them, which may see less than there is, or another history. */
export class ReadableLogs implements AnchorReading {
  readonly cellName: string;
  readonly #entries = new Map<string, Uint8Array[]>();
  readonly #readTo = new Map<string, number>();
  /** Rejects every reading of entries. */
  damaged = false;
  entriesRead = 0;

  constructor(cellName: string, logs: readonly string[]) {
    this.cellName = cellName;
    for (const log of logs) {
      const time = '2026-04-01T00:00:00.000Z';
      this.#entries.set(log, []);
      this.append(log, { version: 1, kind: 'genesis', time, origin: this.#origin(log) });
    }
  }

  /** The index of the entry. */
  append(log: string, ...entries: readonly LedgerEntry[]): number {
    const known = this.#of(log);
    known.push(...entries.map((entry) => canonicalJson(entry)));
    return known.length - 1;
  }

  /** Writes into the cell's log how far another has come, or `changed` from that. */
  anchor(log: string, changed: { readonly size?: number; readonly root?: Uint8Array } = {}): number {
    const { size, root } = { ...this.#tree(log, this.#of(log).length), ...changed };
    return this.append('cell', {
      version: 1,
      kind: 'anchor',
      time: '2026-04-01T00:00:01.000Z',
      origin: this.#origin(log),
      size,
      root: `sha256:${Buffer.from(root).toString('hex')}`,
    });
  }

  /** From now on this replica sees so many entries of the log; without a size, all of them. */
  see(log: string, size?: number): void {
    if (size === undefined) this.#readTo.delete(log);
    else this.#readTo.set(log, size);
  }

  /** The same entries in another replica. */
  replica(): ReadableLogs {
    const other = new ReadableLogs(this.cellName, []);
    for (const [log, entries] of this.#entries) other.#entries.set(log, entries);
    return other;
  }

  verifierKey(log: string): VerifierKey {
    return parseVerifierKey(this.#signer(log).verifierKey);
  }

  logs(): readonly string[] {
    return [...this.#entries.keys()];
  }

  checkpoint(log: string): SignedCheckpoint {
    return this.#tree(log, this.#readTo.get(log) ?? this.#of(log).length);
  }

  async checkpointAt(log: string, size: number): Promise<SignedCheckpoint> {
    if (size > this.checkpoint(log).size) throw new RangeError('beyond what this replica sees');
    return this.#tree(log, size);
  }

  async inclusionProof(log: string, index: number, size: number): Promise<readonly Uint8Array[]> {
    const nodes = new Map<string, Uint8Array>();
    const frontier = new TreeFrontier();
    for (const entry of this.#of(log).slice(0, size)) {
      frontier.append(leafHash(entry), (level, at, node) => nodes.set(`${level}/${at}`, node));
    }
    return inclusionProof(index, size, async (level, at) => nodes.get(`${level}/${at}`) ?? new Uint8Array(0));
  }

  async *readEntries(log: string, from: number, to: number) {
    if (this.damaged) throw new Error('damaged');
    for (const [at, bytes] of this.#of(log).slice(from, to).entries()) {
      this.entriesRead++;
      yield { index: from + at, bytes };
    }
  }

  #tree(log: string, size: number): SignedCheckpoint {
    const frontier = new TreeFrontier();
    for (const entry of this.#of(log).slice(0, size)) frontier.append(leafHash(entry));
    const root = frontier.root();
    return { note: signCheckpoint({ origin: this.#origin(log), size, root }, this.#signer(log)), size, root };
  }

  #of(log: string): Uint8Array[] {
    const entries = this.#entries.get(log);
    if (entries === undefined) throw new RangeError(`no log ${log}`);
    return entries;
  }

  #origin(log: string): string {
    return `${this.cellName}/ledger/${log}`;
  }

  #signer(log: string): ReturnType<typeof ed25519NoteSigner> {
    const origin = this.#origin(log);
    return ed25519NoteSigner(origin, createHash('sha256').update(origin).digest());
  }
}
