import { TILE_WIDTH, auditLog, parseCheckpoint, parseNote, parseVerifierKey, utf8 } from '@sekisho/proof';
import type { AuditSource } from '@sekisho/proof';
import { crossingLog, logFiles, logFilesOfBytes } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { mutatedJson } from './json-mutations.ts';
import { mutated } from './mutations.ts';
import { packed, unpacked } from './packed-parts.ts';
import { ACCEPTED, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import type { Choices } from './random-choices.ts';

/**
 * A whole log as one input: `u32 length ‖ bytes` for the checkpoint, the first entry bundle and the
 * first tile.
 */
const keys = [parseVerifierKey(sampleSigner(sampleOrigin).verifierKey)];
const entries = crossingLog([{}, { without: 'answer' }, { outcome: { result: 'aborted', status: 499 } }, {}]);
const genuine = logFiles(entries);
const packedGenuine = logOf(genuine);

export const auditTarget: ParserTarget = {
  name: 'audit-log',
  corpus: [packedGenuine],
  outcomes: [ACCEPTED, 'findings', 'clean_as_signed'],
  share: 0.2,
  mutate(input, choices) {
    const [checkpoint = utf8(''), ...files] = unpacked(input, 3);
    if (choices.chance(3)) return hostileLog(choices);
    const at = choices.below(files.length);
    const changed = files.map((file, each) => (each === at ? mutated(file, choices, files, 20_000) : file));
    return packed([checkpoint, ...changed]);
  },
  async parse(input) {
    const report = await auditLog(sourceOf(input), keys);
    JSON.stringify(report);
    requireThat(
      (report.verdict === 'clean') === (report.findings.length === 0),
      'a verdict against its findings',
    );
    if (report.verdict !== 'clean') return { code: 'findings', where: report.findings[0]?.code ?? '' };
    const [note, bundle] = unpacked(input, 3);
    // The hostile log may sign what it likes, but a clean log is one whose root is signed.
    const root = parseCheckpoint(parseNote(Buffer.from(note ?? '').toString('utf8')).body).root;
    const same = Buffer.from(bundle ?? '').equals(Buffer.from(genuine.bundles[0] ?? ''));
    requireThat(
      same === Buffer.from(root).equals(parseCheckpoint(parseNote(genuine.checkpoint).body).root),
      'clean, with other entries than the root says',
    );
    return { code: same ? ACCEPTED : 'clean_as_signed' };
  },
};

/** A log that signs entries which nobody should: the entries rules have to find what is wrong. */
function hostileLog(choices: Choices): Uint8Array {
  const order = [...logFiles(entries).bundles].flatMap((bundle) => bundleEntries(bundle));
  const at = choices.below(order.length);
  const entry = order[at] ?? utf8('{}');
  const change = choices.below(4);
  if (change === 0) order.splice(at, 1);
  else if (change === 1) order.splice(choices.below(order.length), 0, entry);
  else order[at] = choices.chance(3) ? mutated(entry, choices, order, 4096) : mutatedJson(entry, choices);
  return logOf(logFilesOfBytes(order));
}

function bundleEntries(bundle: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const length = (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0);
    found.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

function logOf(files: ReturnType<typeof logFiles>): Uint8Array {
  return packed([
    utf8(files.checkpoint),
    ...files.bundles.slice(0, 1),
    ...[...files.tiles.values()].slice(0, 1),
  ]);
}

function sourceOf(input: Uint8Array): AuditSource {
  const [note, bundle, tile] = unpacked(input, 3);
  return {
    checkpoint: Buffer.from(note ?? '').toString('utf8'),
    readBundle: async (index, width) => (index === 0 && width <= TILE_WIDTH ? bundle : undefined),
    readTile: async (level, index) => (level === 0 && index === 0 ? tile : undefined),
  };
}
