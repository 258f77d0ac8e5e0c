import type { LedgerEntry, RevisionEntry } from '@sekisho/contract';
import type { AuditSource } from '../audit-source.ts';
import { concatBytes } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import { signCheckpoint } from '../checkpoint.ts';
import { leafHash } from '../merkle-tree.ts';
import { encodeEntryBundle, TILE_HEIGHT, TILE_WIDTH } from '../tiles.ts';
import { TreeFrontier } from '../tree-frontier.ts';
import type { NoteSigner } from '../verifier-key.ts';
import { sampleCrossing, sampleOrigin, sampleSigner } from './sample-log.ts';
import type { CrossingChanges } from './sample-log.ts';

const AUDITED_TIME = '2026-04-01T00:00:00.000Z';

/** The entries that a log of the sample tenant begins with: genesis, and revision 3 with a boundary of Japan. */
export function firstEntries(boundary: Partial<RevisionEntry['boundaries'][string]> = {}): LedgerEntry[] {
  return [{ version: 1, kind: 'genesis', time: AUDITED_TIME, origin: sampleOrigin }, revision(3, boundary)];
}

export function revision(
  number: number,
  boundary: Partial<RevisionEntry['boundaries'][string]> = {},
): RevisionEntry {
  const { policyDigest } = sampleCrossing(0, 0).intent;
  return {
    version: 1,
    kind: 'revision',
    time: AUDITED_TIME,
    principal: 'cell',
    platformRevision: number,
    platformDigest: policyDigest,
    policyDigest,
    boundaries: {
      madoguchi: {
        allow: { process: ['JP'], store: ['JP'] },
        requiredCertifications: [],
        minimumAssurance: 'declared',
        ...boundary,
      },
    },
    dataClasses: { madoguchi: ['confidentiality-1', 'confidentiality-2'] },
    presets: { madoguchi: ['jp/confidentiality-2'] },
  };
}

/** A log of crossings in turn, from index 2. */
export function crossingLog(changes: readonly CrossingChanges[]): LedgerEntry[] {
  return [
    ...firstEntries(),
    ...changes.flatMap((change, n) => {
      const { intent, outcome } = sampleCrossing(n, 2 * n + 2, change);
      return [intent, outcome];
    }),
  ];
}

/** The files of a log in memory; a test changes what it likes in them. */
export interface LogFiles {
  checkpoint: string;
  readonly bundles: Uint8Array[];
  /** By `level/index`. */
  readonly tiles: Map<string, Uint8Array>;
  readonly source: AuditSource;
}

export function logFiles(
  entries: readonly LedgerEntry[],
  signer: NoteSigner = sampleSigner(sampleOrigin),
): LogFiles {
  return logFilesOfBytes(
    entries.map((entry) => canonicalJson(entry)),
    signer,
  );
}

export function logFilesOfBytes(
  entries: readonly Uint8Array[],
  signer: NoteSigner = sampleSigner(sampleOrigin),
): LogFiles {
  const tree = new TreeFrontier();
  const levels: Uint8Array[][] = [];
  for (const entry of entries) {
    tree.append(leafHash(entry), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (levels[level / TILE_HEIGHT] ??= []).push(hash);
    });
  }
  const bundles: Uint8Array[] = [];
  for (let from = 0; from < entries.length; from += TILE_WIDTH) {
    bundles.push(encodeEntryBundle(entries.slice(from, from + TILE_WIDTH)));
  }
  const tiles = new Map<string, Uint8Array>();
  for (const [level, hashes] of levels.entries()) {
    for (let from = 0; from < hashes.length; from += TILE_WIDTH) {
      tiles.set(`${level}/${from / TILE_WIDTH}`, concatBytes(hashes.slice(from, from + TILE_WIDTH)));
    }
  }
  const files: LogFiles = {
    checkpoint: signCheckpoint({ origin: signer.name, size: tree.size, root: tree.root() }, signer),
    bundles,
    tiles,
    source: {
      get checkpoint() {
        return files.checkpoint;
      },
      readBundle: async (index) => files.bundles[index],
      readTile: async (level, index) => files.tiles.get(`${level}/${index}`),
    },
  };
  return files;
}
