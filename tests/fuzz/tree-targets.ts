import {
  HASH_BYTES,
  concatBytes,
  decodeEntryBundle,
  encodeEntryBundle,
  equalBytes,
  entriesPath,
  parseTilePath,
  readHashFromTiles,
  tilePath,
  treeHash,
  utf8,
  verifyConsistency,
  verifyInclusion,
} from '@sekisho/proof';
import { z } from 'zod';
import { growTree } from '../../packages/proof/src/testing/sample-log.ts';
import { edgeIntegers, formatTokens } from './format-tokens.ts';
import { mutatedJson } from './json-mutations.ts';
import { ACCEPTED, requireSameBytes, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import type { Choices } from './random-choices.ts';
import { foreignProofs } from './sample-files.ts';
import { leaves, ownConsistencyProofs, ownInclusionProofs } from './sample-proofs.ts';
import { simplyConsistent, simplyLed } from './simple-merkle-proofs.ts';

/** The tree: proofs, tiles, entry bundles, and the paths by which they are asked for. */

const Hash = z.base64();
const InclusionVector = z.object({
  leafIdx: z.number(),
  treeSize: z.number(),
  root: Hash,
  leafHash: Hash,
  proof: z.array(Hash).nullable(),
});
const ConsistencyVector = z.object({
  size1: z.number(),
  size2: z.number(),
  root1: Hash,
  root2: Hash,
  proof: z.array(Hash).nullable(),
});

export const treeTargets: readonly ParserTarget[] = [
  {
    name: 'inclusion-proof',
    corpus: [...foreignProofs('inclusion'), ...(await ownInclusionProofs())],
    outcomes: [ACCEPTED, 'not_asked', 'proof_out_of_range', 'proof_malformed', 'proof_root_mismatch'],
    mutate: mutatedProof,
    parse(input) {
      const claim = read(InclusionVector, input);
      if (claim === undefined) return { code: 'not_asked' };
      const [index, size] = [claim.leafIdx, claim.treeSize];
      const [root, leaf] = [bytesOf(claim.root), bytesOf(claim.leafHash)];
      const path = (claim.proof ?? []).map(bytesOf);
      const verdict = verifyInclusion({ index, size, root, leafHash: leaf, hashes: path });
      const inRange = isCount(index) && isCount(size) && index < size && [root, leaf, ...path].every(isHash);
      const led = inRange ? simplyLed(BigInt(index), BigInt(size), leaf, path) : undefined;
      requireThat(
        verdict.ok === (led?.equals(root) ?? false),
        'another verdict than by RFC 6962 section 2.1.1',
      );
      return verdict.ok ? { code: ACCEPTED } : { code: verdict.code };
    },
  },
  {
    name: 'consistency-proof',
    corpus: [...foreignProofs('consistency'), ...(await ownConsistencyProofs())],
    outcomes: [ACCEPTED, 'not_asked', 'proof_out_of_range', 'proof_malformed', 'proof_root_mismatch'],
    mutate: mutatedProof,
    parse(input) {
      const claim = read(ConsistencyVector, input);
      if (claim === undefined) return { code: 'not_asked' };
      const [oldSize, size] = [claim.size1, claim.size2];
      const [oldRoot, root] = [bytesOf(claim.root1), bytesOf(claim.root2)];
      const hashes = (claim.proof ?? []).map(bytesOf);
      const verdict = verifyConsistency({ oldSize, oldRoot, size, root, hashes });
      // With nothing between the two sizes there is no hash whose length could matter.
      const hashed = oldSize === size || [oldRoot, root, ...hashes].every(isHash);
      const inRange = isCount(oldSize) && isCount(size) && oldSize > 0 && oldSize <= size && hashed;
      const led = inRange ? simplyConsistent(BigInt(oldSize), BigInt(size), oldRoot, hashes) : undefined;
      const holds = led !== undefined && led.old.equals(oldRoot) && led.whole.equals(root);
      requireThat(verdict.ok === holds, 'another verdict than by RFC 6962 section 2.1.2');
      return verdict.ok ? { code: ACCEPTED } : { code: verdict.code };
    },
  },
  {
    name: 'tile-path',
    corpus: [
      ...[0, 1, 999, 1000, 1_234_067, 35_184_372_088_831].flatMap((index) => [
        tilePath(0, index),
        entriesPath(index),
      ]),
      tilePath(6, 0, 1),
      tilePath(1, 70_000, 255),
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/x000/001',
      'tile/7/000',
      'tile/0/00',
      'tile/0/x9/000',
    ].map((path) => utf8(path)),
    outcomes: [ACCEPTED, 'none'],
    bytesMax: 20_000,
    mutate: (input, choices) => (choices.chance(2) ? builtPath(choices) : changedGroups(input, choices)),
    parse(input) {
      const text = Buffer.from(input).toString('utf8');
      const asked = parseTilePath(text);
      if (asked === undefined) return { code: 'none' };
      const { level, index, width } = asked.tile;
      const path = asked.kind === 'tile' ? tilePath(level, index, width) : entriesPath(index, width);
      requireSameBytes(utf8(path), utf8(text));
      requireThat(/^[\x21-\x7e]{1,60}$/.test(text) && !text.includes('..'), 'a path that is none');
      return { code: ACCEPTED };
    },
  },
  {
    // One byte of width, then the bundle.
    name: 'entry-bundle',
    corpus: [1, 2, 256].map((width) =>
      concatBytes([
        Uint8Array.of(width - 1),
        encodeEntryBundle(leaves.slice(0, width).map((leaf, at) => leaf.subarray(0, at % 33))),
      ]),
    ),
    outcomes: [ACCEPTED, 'tile_malformed'],
    parse(input) {
      const bundle = input.subarray(1);
      const entries = decodeEntryBundle(bundle, (input[0] ?? 0) + 1);
      requireThat(entries.length === (input[0] ?? 0) + 1, 'another number of entries');
      requireSameBytes(encodeEntryBundle(entries), bundle);
    },
  },
  {
    // Two bytes of tree size, then the tile of its first leaves.
    name: 'tile',
    corpus: [1, 3, 200, 255].map((size) =>
      concatBytes([Uint8Array.of(size >>> 8, size & 0xff), ...leaves.slice(0, size)]),
    ),
    outcomes: [ACCEPTED, 'tile_malformed'],
    share: 0.3,
    async parse(input) {
      const size = ((input[0] ?? 0) * 256 + (input[1] ?? 0)) % 256;
      const tile = input.subarray(2);
      const root = await treeHash(
        size,
        readHashFromTiles(size, async () => tile),
      );
      const hashes = Array.from({ length: size }, (_, at) =>
        tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
      );
      requireThat(tile.length === size * HASH_BYTES || size === 0, 'a tile of another width');
      requireThat(equalBytes(root, growTree(hashes).frontier.root()), 'another root');
    },
  },
];

function read<Shape extends z.ZodType>(shape: Shape, input: Uint8Array): z.output<Shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(Buffer.from(input).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

function mutatedProof(input: Uint8Array, choices: Choices): Uint8Array {
  let changed = input;
  for (let changes = choices.length(3); changes > 0; changes--) changed = mutatedJson(changed, choices);
  return changed;
}

/** Tiles at the edges of what a path can say, in the right spelling or nearly. */
function builtPath(choices: Choices): Uint8Array {
  const groups = Array.from({ length: choices.length(8) }, (_, at) => {
    const digits = choices.pick([
      '000',
      '001',
      '067',
      '999',
      '25',
      '1000',
      '\u0660\u0661\u0662',
      '-01',
      '+01',
      '1e3',
    ]);
    return at === 0 ? digits : choices.chance(8) ? digits : `x${digits}`;
  }).reverse();
  const level = choices.pick(['0', '1', '6', '7', '63', '64', 'entries', '00', '', '-1', '0x0', 'Entries']);
  const width = choices.pick([
    '',
    '',
    '.p/1',
    '.p/255',
    '.p/256',
    '.p/0',
    '.p/01',
    '.p/',
    '.p/-1',
    '.p/1/',
    '.p',
    '.P/1',
  ]);
  return utf8(`tile/${level}/${groups.join('/')}${width}`);
}

function changedGroups(input: Uint8Array, choices: Choices): Uint8Array {
  const parts = Buffer.from(input).toString('latin1').split('/');
  const at = choices.below(parts.length);
  const change = choices.below(4);
  if (change === 0) parts.splice(at, 0, Buffer.from(choices.pick(formatTokens)).toString('latin1'));
  else if (change === 1)
    parts[at] = encodeURIComponent(parts[at] ?? '').replace(
      /[a-z0-9]/,
      (one) => `%${one.charCodeAt(0).toString(16)}`,
    );
  else if (change === 2) parts.splice(at, 0, ...Array.from({ length: choices.length(2000) }, () => 'x000'));
  else parts[at] = String(choices.pick(edgeIntegers));
  return Buffer.from(parts.join('/'), 'latin1');
}
