import { LedgerEntry } from '@sekisho/contract';
import { EntryRules } from './audit-entries.ts';
import { FindingList } from './audit-report.ts';
import type { AuditReport } from './audit-report.ts';
import type { AuditSource } from './audit-source.ts';
import { AuditedTree } from './audit-tree.ts';
import { base64, equalBytes, hex } from './byte-encodings.ts';
import { parseCanonicalJson } from './canonical-json.ts';
import { parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { leafHash } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';
import { parseNote } from './signed-note.ts';
import { TILE_WIDTH, decodeEntryBundle, entriesPath } from './tiles.ts';
import type { VerifierKey } from './verifier-key.ts';

export interface AuditOptions {
  /** Signed notes of this log from other days or other people, at most 1,000. */
  readonly older?: readonly string[];
  /** Called after each bundle. */
  readonly onProgress?: (progress: { readonly entries: number; readonly of: number }) => void;
}

const OLDER_MAX = 1000;

/**
 * Reads a whole log once, in order, and judges it by nothing but the keys that the auditor trusts:
 * signature, tree, every entry and every crossing. Bad data becomes a finding; only the source's own
 * errors are thrown. Memory does not grow with the log but with the intents that are open at one
 * time, up to a bound.
 */
export async function auditLog(
  source: AuditSource,
  keys: readonly VerifierKey[],
  options: AuditOptions = {},
): Promise<AuditReport> {
  const findings = new FindingList();
  const checkpoint = readCheckpoint(source.checkpoint, keys, findings);
  const older = readOlder(options.older ?? [], keys, checkpoint, findings);
  const tree = new AuditedTree(older, source.readTile?.bind(source), findings);
  const rules = new EntryRules(checkpoint?.origin ?? '', findings, (index, hash) =>
    isIntent(source, index, hash, checkpoint?.size ?? 0),
  );
  if (checkpoint !== undefined && (await readEntries(source, checkpoint, tree, rules, findings, options))) {
    await tree.finish();
    if (!equalBytes(tree.root(), checkpoint.root)) {
      const agreed = tree.continues.at(-1) ?? 0;
      findings.addWhole('root_mismatch', `${agreed}-${checkpoint.size - 1}`);
    }
  }
  const rulesJudgedToTheEnd = rules.judging;
  const open = rules.finish();
  const found = findings.inOrder();
  return {
    verdict: found.length === 0 ? 'clean' : 'findings',
    log:
      checkpoint === undefined
        ? null
        : { origin: checkpoint.origin, size: checkpoint.size, root: base64(checkpoint.root) },
    entries: tree.size,
    kinds: { ...rules.kinds },
    from: rules.from,
    to: rules.to,
    firstBadIndex: found[0]?.index ?? null,
    findings: found,
    rulesJudgedToTheEnd,
    open: { total: open.total, first: open.first },
    undecided: { total: rules.undecided.total, first: rules.undecided.first },
    continues: tree.continues,
    tiles: { ...tree.tiles },
    usage: rules.usage(),
    usageLeftOut: rules.usageLeftOut,
  };
}

/** The checkpoint, also when its signature is bad: what else is wrong is worth knowing. */
function readCheckpoint(
  note: string,
  keys: readonly VerifierKey[],
  findings: FindingList,
): Checkpoint | undefined {
  try {
    return verifyCheckpoint(note, keys);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const unsigned = unsignedCheckpoint(note);
    findings.addWhole(unsigned === undefined ? 'checkpoint_malformed' : 'checkpoint_untrusted', error.code);
    return unsigned;
  }
}

function unsignedCheckpoint(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(note).body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** Those that this log can be compared with. */
function readOlder(
  notes: readonly string[],
  keys: readonly VerifierKey[],
  newest: Checkpoint | undefined,
  findings: FindingList,
): Checkpoint[] {
  if (notes.length > OLDER_MAX) throw new RangeError(`at most ${OLDER_MAX} checkpoints to compare with`);
  return notes.flatMap((note, at) => {
    const name = `number ${at + 1}`;
    let older: Checkpoint;
    try {
      older = verifyCheckpoint(note, keys);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      findings.addWhole('older_untrusted', `${name} ${error.code}`);
      return [];
    }
    if (newest === undefined) return [];
    if (older.origin !== newest.origin) {
      findings.addWhole('older_of_another_log', `${name} ${older.origin}`);
      return [];
    }
    if (older.size > newest.size) {
      findings.addWhole('log_shrank', `${newest.size} / ${older.size}`);
      return [];
    }
    return [older];
  });
}

/** @returns whether all entries that the checkpoint counts were there */
async function readEntries(
  source: AuditSource,
  checkpoint: Checkpoint,
  tree: AuditedTree,
  rules: EntryRules,
  findings: FindingList,
  options: AuditOptions,
): Promise<boolean> {
  const { size } = checkpoint;
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle++) {
    const width = bundleWidth(bundle, size);
    const first = bundle * TILE_WIDTH;
    const bytes = await source.readBundle(bundle, width);
    const entries = bytes === undefined ? undefined : decodeBundle(bytes, width);
    // Nothing behind a gap can be hashed into the tree.
    if (entries === undefined) {
      const code = bytes === undefined ? 'bundle_missing' : 'bundle_malformed';
      findings.add(code, first, entriesPath(bundle, width));
      return false;
    }
    for (const [offset, bytesOfEntry] of entries.entries()) {
      const hash = leafHash(bytesOfEntry);
      await tree.append(hash);
      const entry = parseEntry(bytesOfEntry, first + offset, findings);
      if (entry !== undefined) await rules.take(entry, first + offset, hash);
    }
    options.onProgress?.({ entries: tree.size, of: size });
  }
  return true;
}

function bundleWidth(bundle: number, size: number): number {
  return Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
}

function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] | undefined {
  try {
    return decodeEntryBundle(bytes, width);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

function parseEntry(bytes: Uint8Array, index: number, findings: FindingList): LedgerEntry | undefined {
  try {
    const parsed = LedgerEntry.safeParse(parseCanonicalJson(bytes));
    if (parsed.success) return parsed.data;
    findings.add('entry_malformed', index, parsed.error.issues[0]?.path.join('.') ?? '');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    findings.add('entry_not_canonical', index, `${error.code} ${error.where}`.trim());
  }
  return undefined;
}

async function isIntent(source: AuditSource, index: number, hash: string, size: number): Promise<boolean> {
  const bundle = Math.floor(index / TILE_WIDTH);
  const width = bundleWidth(bundle, size);
  const bytes = await source.readBundle(bundle, width);
  const entry = bytes === undefined ? undefined : decodeBundle(bytes, width)?.[index % TILE_WIDTH];
  if (entry === undefined || `sha256:${hex(leafHash(entry))}` !== hash) return false;
  return parseEntry(entry, index, new FindingList())?.kind === 'intent';
}
