import type { AnchorEntry } from '@sekisho/contract';
import type { AuditRecord } from './audit-record.ts';
import type { AnchorReport } from './audit-report.ts';
import type { Anchor } from './audit-source.ts';
import type { AuditedTree } from './audit-tree.ts';
import { isCellLog } from './audit-witnesses.ts';

/** Logs of one cell: more than a platform can declare tenants. */
const ANCHORED_LOGS_MAX = 10_000;

/** Anchors in the log of a cell, in its order: each log only grows. */
export class AnchorEntries {
  readonly #origin: string;
  readonly #record: AuditRecord;
  readonly #newest = new Map<string, { readonly size: number; readonly root: string }>();

  constructor(origin: string, record: AuditRecord) {
    this.#origin = origin;
    this.#record = record;
  }

  /** The anchor, if it says something new that an anchored log can be compared with. */
  take({ origin, size, root }: AnchorEntry, index: number): Anchor | undefined {
    this.#record.did('anchors');
    if (!isCellLog(this.#origin)) {
      this.#record.found('anchor_misplaced', index, origin);
      return undefined;
    }
    const before = this.#newest.get(origin);
    if (before !== undefined && (size < before.size || (size === before.size && root !== before.root))) {
      this.#record.found('anchor_backwards', index, `${origin}: ${size} / ${before.size}`);
      return undefined;
    }
    if (before === undefined && this.#newest.size === ANCHORED_LOGS_MAX) {
      this.#record.found('anchor_misplaced', index, `> ${ANCHORED_LOGS_MAX} logs`);
      return undefined;
    }
    // After a restart a cell anchors what it had anchored.
    if (before?.size === size) return undefined;
    this.#newest.set(origin, { size, root });
    return { origin, size, root: bytesOfDigest(root), index };
  }
}

function bytesOfDigest(digest: string): Uint8Array {
  const text = digest.slice('sha256:'.length);
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

/**
 * Compares an anchored log with its anchors while its tree grows: they come by size, are asked for a bundle
 * ahead, and are held no longer. A wrong one is found once: all after it are wrong as well.
 */
export class AnchoredLog {
  readonly #anchors: AsyncIterator<Anchor> | Iterator<Anchor>;
  readonly #tree: AuditedTree;
  readonly #record: AuditRecord;
  readonly #counts = { compared: 0, anchoredSize: 0, mismatches: 0, beyond: 0 };
  #next: Anchor | undefined;
  #agreed = 0;

  constructor(anchors: AsyncIterable<Anchor> | Iterable<Anchor>, tree: AuditedTree, record: AuditRecord) {
    this.#anchors =
      Symbol.asyncIterator in anchors ? anchors[Symbol.asyncIterator]() : anchors[Symbol.iterator]();
    this.#tree = tree;
    this.#record = record;
  }

  /** Before the tree grows to `size`: it will be compared at each anchored size on the way. */
  async expectUpTo(size: number): Promise<void> {
    for (
      this.#next ??= await this.#pull();
      this.#next !== undefined && this.#next.size <= size;
      this.#next = await this.#pull()
    ) {
      const anchor = this.#next;
      this.#tree.expectNext({ ...anchor, compared: (matches) => this.#compared(anchor, matches) });
    }
  }

  /** After the last entry that `size` counts. */
  async finish(size: number): Promise<AnchorReport> {
    for (this.#next ??= await this.#pull(); this.#next !== undefined; this.#next = await this.#pull()) {
      if (this.#next.size <= size) continue; // The entries did not reach so far.
      if (this.#counts.beyond++ === 0) {
        const detail = `${size} / ${this.#next.size} cell entry ${this.#next.index}`;
        this.#record.foundWhole('log_shrank', size, detail);
      }
    }
    return { ...this.#counts };
  }

  #compared({ size, index }: Anchor, matches: boolean): void {
    this.#record.did('anchors');
    this.#counts.compared++;
    this.#counts.anchoredSize = Math.max(this.#counts.anchoredSize, size);
    if (matches) {
      this.#agreed = size;
      return;
    }
    if (this.#counts.mismatches++ > 0) return;
    this.#record.foundWhole(
      'anchor_mismatch',
      this.#agreed,
      `${this.#agreed}-${size - 1} cell entry ${index}`,
    );
  }

  async #pull(): Promise<Anchor | undefined> {
    const { done, value } = await this.#anchors.next();
    return done === true ? undefined : value;
  }
}
