import type { AnchorEntry } from '@sekisho/contract';
import { hex } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { Checkpoint, VerifiedCheckpoint } from './checkpoint.ts';
import { leafHash, verifyInclusion } from './merkle-tree.ts';
import { refuse, within } from './refuse.ts';
import { parseNote } from './signed-note.ts';
import type { VerifierKey } from './verifier-key.ts';

/**
 * From a tenant's tree to the witnesses: the cell's log holds an anchor with the tree's origin, size
 * and root, and witnesses cosign checkpoints of the cell's log.
 */

/** What leads from a tenant's tree to a cosigned checkpoint, read and not yet verified. */
export interface Anchoring {
  readonly anchor: AnchorEntry;
  readonly index: number;
  /** 32 bytes each, leaf to root. */
  readonly hashes: readonly Uint8Array[];
  /** Signed note of the cell's log, with cosignatures. */
  readonly note: string;
}

/**
 * A tree of the cell's log that anchors the tree of a receipt, under the signature of the cell's log. Who
 * cosigned it is another question, with a policy: `requireWitnesses`.
 */
export interface AnchoredTree {
  /** Of the cell's log, with those of its keys that signed. */
  readonly checkpoint: VerifiedCheckpoint;
  readonly note: string;
  /** Where the anchor stands in the cell's log, and when the cell wrote it. */
  readonly anchor: { readonly index: number; readonly time: string };
  /** Names on lines of keys that the verifier does not hold: claims of cosignatures, not verified. */
  readonly unverified: readonly string[];
}

/**
 * Throws Refusal `anchor_mismatch`, `cell_log_mismatch`, `anchor_not_included`, `proof_out_of_range`,
 * `proof_malformed`, or what `verifyCheckpoint` throws; `where` is below `witnessed`.
 */
export function verifyAnchoring(
  { anchor, index, hashes, note }: Anchoring,
  anchored: Checkpoint,
  keys: readonly VerifierKey[],
): AnchoredTree {
  if (anchor.origin !== anchored.origin) refuse('anchor_mismatch', 'witnessed.anchor.origin');
  if (anchor.size !== anchored.size) refuse('anchor_mismatch', 'witnessed.anchor.size');
  if (anchor.root !== `sha256:${hex(anchored.root)}`) refuse('anchor_mismatch', 'witnessed.anchor.root');
  const checkpoint = within('witnessed.checkpoint', () => verifyCheckpoint(note, keys));
  // Another cell may well anchor a log of this name: only the log's own cell counts.
  if (checkpoint.origin !== cellLogBeside(anchored.origin))
    refuse('cell_log_mismatch', 'witnessed.checkpoint');
  const { size, root } = checkpoint;
  const verdict = verifyInclusion({ index, size, root, leafHash: leafHash(canonicalJson(anchor)), hashes });
  if (!verdict.ok) {
    if (verdict.code !== 'proof_root_mismatch') refuse(verdict.code, 'witnessed.inclusion');
    refuse('anchor_not_included', 'witnessed.anchor, witnessed.inclusion');
  }
  return {
    checkpoint,
    note,
    anchor: { index, time: anchor.time },
    unverified: parseNote(note)
      .signatures.filter(({ name, keyId }) => !keys.some((key) => key.name === name && key.keyId === keyId))
      .map(({ name }) => name),
  };
}

/** Origins are `{cell name}/ledger/{log}`, and a log's name holds no slash. */
function cellLogBeside(origin: string): string {
  return `${origin.slice(0, origin.lastIndexOf('/') + 1)}cell`;
}
