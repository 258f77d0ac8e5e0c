import { AnchoredLog } from './audit-anchors.ts';
import { decodeBundle, parseEntry, wholeEntries } from './audit-bundles.ts';
import { AuditedNotes } from './audit-checkpoints.ts';
import { describeChecks } from './audit-checks.ts';
import { EntryRules } from './audit-entries.ts';
import type { CrossingFacts } from './audit-holds.ts';
import { KeyTimeline } from './audit-keys.ts';
import { Landmarks } from './audit-landmarks.ts';
import { AuditRecord } from './audit-record.ts';
import type { AnchorReport, AuditReport, AuditedCheckpoint } from './audit-report.ts';
import type { Anchor, AuditSource } from './audit-source.ts';
import { AuditedTree, firstDifferentHash } from './audit-tree.ts';
import { judgeWitnesses } from './audit-witnesses.ts';
import { base64, equalBytes, hex } from './byte-encodings.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { HASH_BYTES, leafHash } from './merkle-tree.ts';
import { TILE_WIDTH, entriesPath } from './tiles.ts';
import type { VerifierKey } from './verifier-key.ts';
import type { WitnessPolicy } from './witness-policy.ts';

export interface AuditOptions {
  /** Signed notes of this log from other days or other people, at most 1,000. */
  readonly older?: readonly string[];
  /** Whose witnesses must have cosigned the log of a cell. */
  readonly witnessPolicy?: WitnessPolicy | undefined;
  /** What the log of the cell says about this log, by size, each size once. */
  readonly anchors?: AsyncIterable<Anchor> | Iterable<Anchor> | undefined;
  /** Receives what the log of a cell says about others: of each, by size, each size once. */
  readonly onAnchor?: ((anchor: Anchor) => void | Promise<void>) | undefined;
  /** Called after each bundle. */
  readonly onProgress?: (progress: { readonly entries: number; readonly of: number }) => void;
}

/** Bundles that are read again to find one crossing. */
const SEARCHED_BUNDLES_MAX = 256;
const SEARCH_TOLERANCE_MS = 60_000;

/**
 * Reads a whole log once, in order, and judges it by nothing but the keys that the auditor trusts:
 * signature, keys over time, tree, witnesses, every entry and every crossing. Bad data becomes a finding; only
 * the source's own errors are thrown. Memory does not grow with the log but with the intents that are open at
 * one time, up to a bound.
 */
export async function auditLog(
  source: AuditSource,
  keys: readonly VerifierKey[],
  options: AuditOptions = {},
): Promise<AuditReport> {
  return new LogAudit(source, keys, options).run();
}

class LogAudit {
  readonly #source: AuditSource;
  readonly #options: AuditOptions;
  readonly #record = new AuditRecord();
  readonly #notes: AuditedNotes;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #timeline: KeyTimeline;
  readonly #tree: AuditedTree;
  readonly #anchored: AnchoredLog | undefined;
  readonly #rules: EntryRules;
  readonly #landmarks = new Landmarks();

  constructor(source: AuditSource, keys: readonly VerifierKey[], options: AuditOptions) {
    this.#source = source;
    this.#options = options;
    this.#notes = new AuditedNotes(source, options.older ?? [], keys, this.#record);
    this.#checkpoint = this.#notes.newest?.checkpoint;
    const origin = this.#checkpoint?.origin ?? '';
    this.#timeline = new KeyTimeline(origin, keys, this.#record);
    this.#tree = new AuditedTree(source.readTile?.bind(source), this.#record);
    this.#anchored = options.anchors && new AnchoredLog(options.anchors, this.#tree, this.#record);
    this.#rules = new EntryRules(origin, this.#timeline, this.#record, {
      isIntent: (index, hash) => this.#isIntent(index, hash),
      findCrossing: (crossing, timeMs) => this.#findCrossing(crossing, timeMs),
      onAnchor: options.onAnchor,
    });
  }

  async run(): Promise<AuditReport> {
    this.#tree.expect(this.#notes.claims());
    if (await this.#readEntries()) await this.#compareNewest();
    const size = this.#checkpoint?.size ?? 0;
    const anchors = (await this.#anchored?.finish(size)) ?? null;
    this.#timeline.resolve(
      this.#notes.matching().map(({ note, checkpoint }) => ({ note, size: checkpoint.size })),
    );
    return this.#report(this.#notes.judge(this.#timeline), anchors);
  }

  /** @returns whether all entries that the checkpoint counts were there */
  async #readEntries(): Promise<boolean> {
    const size = this.#checkpoint?.size;
    if (size === undefined) return false;
    for (let bundle = 0; bundle * TILE_WIDTH < size; bundle++) {
      const width = this.#widthOf(bundle);
      const first = bundle * TILE_WIDTH;
      this.#landmarks.pass({ bundle, intents: this.#rules.kinds.intent, latestMs: this.#rules.latestMs });
      await this.#anchored?.expectUpTo(first + width);
      const bytes = await this.#source.readBundle(bundle, width);
      const entries = bytes === undefined ? undefined : decodeBundle(bytes, width);
      // Nothing behind a gap can be hashed into the tree.
      if (entries === undefined) {
        if (bytes === undefined) this.#record.foundWhole('bundle_missing', first, entriesPath(bundle, width));
        else await this.#locateGap(bundle, width, bytes);
        return false;
      }
      await this.#takeEntries(entries, first);
      await this.#tree.compareTiles();
      this.#options.onProgress?.({ entries: this.#tree.size, of: size });
    }
    return true;
  }

  async #takeEntries(entries: readonly Uint8Array[], first: number): Promise<void> {
    this.#record.did('completeness', entries.length);
    let index = first;
    for (const bytes of entries) {
      const hash = leafHash(bytes);
      this.#tree.append(hash);
      const entry = parseEntry(bytes, index, this.#record);
      if (entry !== undefined) {
        // Waiting for nothing would cost more than judging.
        const more = this.#rules.take(entry, index, hash);
        if (more !== undefined) await more;
      }
      index++;
    }
  }

  async #compareNewest(): Promise<void> {
    await this.#tree.finish();
    const { newest } = this.#notes;
    if (newest === undefined) return;
    this.#record.did('tree');
    newest.matches = equalBytes(this.#tree.root(), newest.checkpoint.root);
    if (newest.matches) return;
    const { agreed } = this.#tree;
    const first = this.#tree.wrongLeafFrom(agreed) ?? agreed;
    this.#record.foundWhole('root_mismatch', first, `${agreed}-${newest.checkpoint.size - 1}`);
  }

  /** Which entry a bundle lacks: the first that is not the one in the stored tile, else the first after those there. */
  async #locateGap(bundle: number, width: number, bytes: Uint8Array): Promise<void> {
    const hashes = wholeEntries(bytes, width).map(leafHash);
    const tile = await this.#source.readTile?.(0, bundle, width);
    const different = tile && firstDifferentHash(tile.subarray(0, hashes.length * HASH_BYTES), hashes);
    const offset = different === undefined ? hashes.length : Math.min(different, hashes.length);
    const index = bundle * TILE_WIDTH + Math.min(offset, width - 1);
    const detail = `${entriesPath(bundle, width)} ${hashes.length} / ${width}`;
    this.#record.foundWhole('bundle_malformed', index, detail);
  }

  async #report(
    checkpoints: readonly AuditedCheckpoint[],
    anchors: AnchorReport | null,
  ): Promise<AuditReport> {
    const { newest, witnessed } = this.#notes;
    const { tally, kinds, from, to, judging: rulesJudgedToTheEnd } = this.#rules;
    const open = this.#rules.finish();
    const policy = this.#options.witnessPolicy;
    const trusted = this.#timeline.trusted().map(({ key }) => key);
    const present = {
      present: this.#source.witnessed !== undefined,
      trusted: checkpoints.some(({ source, standing }) => source === 'witnessed' && standing !== 'untrusted'),
    };
    const witnesses =
      policy && newest
        ? judgeWitnesses(
            policy,
            newest.checkpoint.origin,
            { newest, witnessed },
            present,
            trusted,
            to,
            this.#record,
          )
        : null;
    const compromised = await this.#timeline.compromisedRanges((index) => this.#intentsBefore(index));
    this.#record.did('tree', this.#tree.tiles.compared);
    this.#record.did(
      'form',
      Object.values(kinds).reduce((sum, count) => sum + count, 0),
    );
    const findings = this.#record.findings();
    const undecided = this.#record.undecided();
    const log = newest && {
      origin: newest.checkpoint.origin,
      size: newest.checkpoint.size,
      root: base64(newest.checkpoint.root),
    };
    return {
      verdict: findings.length === 0 ? 'clean' : 'findings',
      log: log ?? null,
      entries: this.#tree.size,
      kinds: { ...kinds },
      from,
      to,
      firstBadIndex: findings[0]?.index ?? null,
      findings,
      checks: describeChecks(this.#record.counts, findings, undecided.byReason),
      rulesJudgedToTheEnd,
      open: { total: open.total, first: open.first },
      undecided,
      checkpoints,
      continues: checkpoints
        .filter(({ source, matches, standing }) => source === 'older' && matches && standing !== 'untrusted')
        .map(({ size }) => size)
        .toSorted((a, b) => a - b),
      keys: this.#timeline.keys(),
      compromised,
      witnesses,
      anchors,
      tiles: { ...this.#tree.tiles },
      lastRevision: this.#rules.revisions.last(),
      days: tally.days(),
      places: tally.places(),
      usage: tally.usage(),
      usageLeftOut: tally.usageLeftOut,
      daysLeftOut: tally.daysLeftOut,
      placesLeftOut: tally.placesLeftOut,
    };
  }

  #widthOf(bundle: number): number {
    return Math.min(TILE_WIDTH, (this.#checkpoint?.size ?? 0) - bundle * TILE_WIDTH);
  }

  /** The entries of a bundle again; undefined where they are not what was there. */
  async #readAgain(bundle: number): Promise<Uint8Array[] | undefined> {
    const width = this.#widthOf(bundle);
    const bytes = width > 0 ? await this.#source.readBundle(bundle, width) : undefined;
    return bytes === undefined ? undefined : decodeBundle(bytes, width);
  }

  async #isIntent(index: number, hash: string): Promise<boolean> {
    const entry = (await this.#readAgain(Math.floor(index / TILE_WIDTH)))?.[index % TILE_WIDTH];
    if (entry === undefined || `sha256:${hex(leafHash(entry))}` !== hash) return false;
    return parseEntry(entry, index, new AuditRecord())?.kind === 'intent';
  }

  /** The intent of a crossing that began about then, among the entries before this moment of the audit. */
  async #findCrossing(crossing: string, timeMs: number): Promise<CrossingFacts | undefined> {
    const start = this.#landmarks.beforeTime(timeMs - SEARCH_TOLERANCE_MS)?.bundle ?? 0;
    const end = Math.min(start + SEARCHED_BUNDLES_MAX, Math.ceil(this.#tree.size / TILE_WIDTH));
    for (let bundle = start; bundle < end; bundle++) {
      const entries = await this.#readAgain(bundle);
      let earliestMs = Number.POSITIVE_INFINITY;
      for (const bytes of entries ?? []) {
        const entry = parseEntry(bytes, 0, new AuditRecord());
        if (entry === undefined) continue;
        const entryMs = Date.parse(entry.time);
        earliestMs = Math.min(earliestMs, entryMs);
        if (entry.kind !== 'intent' || entry.crossing !== crossing) continue;
        return { workspace: entry.workspace, timeMs: entryMs };
      }
      if (earliestMs > timeMs + 2 * SEARCH_TOLERANCE_MS && earliestMs !== Number.POSITIVE_INFINITY) break;
    }
    return undefined;
  }

  async #intentsBefore(index: number): Promise<number | undefined> {
    const landmark = this.#landmarks.beforeBundle(Math.floor(index / TILE_WIDTH));
    if (landmark === undefined) return undefined;
    let { intents } = landmark;
    for (let { bundle } = landmark; bundle * TILE_WIDTH < index; bundle++) {
      const entries = await this.#readAgain(bundle);
      if (entries === undefined) return undefined;
      for (const bytes of entries.slice(0, index - bundle * TILE_WIDTH)) {
        if (parseEntry(bytes, 0, new AuditRecord())?.kind === 'intent') intents++;
      }
    }
    return intents;
  }
}
