import type { AnchorEntry, Witnessed } from '@sekisho/contract';
import { sha256 } from '#crypto';
import { base64, hex, utf8 } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import { formatCheckpoint } from '../checkpoint.ts';
import { cosignerOf } from '../cosigner.ts';
import type { Cosigner, CosignerAlgorithm } from '../cosigner.ts';
import { inclusionProof } from '../merkle-tree.ts';
import { formatReceipt, parseReceipt } from '../receipt.ts';
import { sampleForms, sampleGenesis, sampleLog, sampleOrigin } from './sample-log.ts';
import type { CrossingChanges, SampleLog } from './sample-log.ts';

/** Made from its name, so it protects nothing. */
export function sampleCosigner(name: string, algorithm: CosignerAlgorithm = 'ed25519'): Cosigner {
  return cosignerOf(name, algorithm, sha256(utf8(`sample ${algorithm} cosigner of ${name}`)));
}

export const sampleWitnesses = {
  north: sampleCosigner('witness.north.example'),
  south: sampleCosigner('witness.south.example', 'ml-dsa-44'),
  east: sampleCosigner('witness.east.example'),
};
export const SAMPLE_TIME_SECONDS = 1_775_000_000;
/** 2026-04-01T00:00:02Z: a second after the anchors. */
export const COSIGNED_TIME_SECONDS = 1_775_001_602;
export const sampleCellOrigin = 'cell.example.jp/ledger/cell';

/** What an anchor of the sample cell's log says. */
export function sampleAnchor(log: Pick<SampleLog, 'origin' | 'size' | 'root'>): AnchorEntry {
  return {
    version: 1,
    kind: 'anchor',
    time: '2026-04-01T00:00:01.000Z',
    origin: log.origin,
    size: log.size,
    root: `sha256:${hex(log.root)}`,
  };
}

/** The checkpoint of a log under lines of these cosigners, one second apart. */
export function cosigned(log: SampleLog, cosigners: readonly Cosigner[]): string {
  const body = formatCheckpoint(log);
  return log.checkpoint + cosigners.map((each, n) => each.cosign(body, COSIGNED_TIME_SECONDS + n)).join('');
}

/** A cell's log that holds these anchors, and what leads from each to its cosigned checkpoint. */
export async function sampleCellLog(
  origin: string,
  anchors: readonly AnchorEntry[],
  cosigners: readonly Cosigner[] = [sampleWitnesses.north, sampleWitnesses.south],
): Promise<{ readonly log: SampleLog; readonly witnessed: readonly Witnessed[] }> {
  const log = sampleLog(
    origin,
    [sampleGenesis(origin), ...anchors].map((entry) => canonicalJson(entry)),
  );
  const checkpoint = cosigned(log, cosigners);
  const witnessed = anchors.map(async (anchor, n): Promise<Witnessed> => {
    const hashes = await inclusionProof(n + 1, log.size, log.readHash);
    return { anchor, inclusion: { index: n + 1, hashes: hashes.map(base64) }, checkpoint };
  });
  return { log, witnessed: await Promise.all(witnessed) };
}

/** The bytes of a receipt with another `witnessed`. */
export function withWitnessed(receipt: Uint8Array, witnessed: Witnessed | undefined): Uint8Array {
  const { statement, inclusion, checkpoint, openings } = parseReceipt(receipt);
  const { index, hashes } = inclusion;
  const bytes = hashes.map((hash) => Uint8Array.from(atob(hash), (character) => character.charCodeAt(0)));
  return formatReceipt({ statement, index, hashes: bytes, checkpoint, openings, witnessed });
}

/** A witnessed receipt of each outcome of a sample log, whose anchor stands among others. */
export async function sampleWitnessedReceipts(
  changes: readonly CrossingChanges[] = [{}, {}, {}],
  cosigners?: readonly Cosigner[],
): Promise<{
  readonly tenantLog: SampleLog;
  readonly cellLog: SampleLog;
  readonly witnessed: Witnessed;
  readonly plain: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
}> {
  const { log: tenantLog, forms } = await sampleForms(sampleOrigin, changes);
  const other = sampleAnchor({ ...tenantLog, origin: 'cell.example.jp/ledger/hakodate' });
  const anchors = [other, other, sampleAnchor(tenantLog), other, other];
  const { log: cellLog, witnessed: proofs } = await sampleCellLog(sampleCellOrigin, anchors, cosigners);
  const [, , witnessed] = proofs;
  if (witnessed === undefined) throw new RangeError('the sample lacks its anchor');
  const plain = forms.map(({ receipt }) => receipt);
  return {
    tenantLog,
    cellLog,
    witnessed,
    plain,
    receipts: plain.map((receipt) => withWitnessed(receipt, witnessed)),
  };
}
