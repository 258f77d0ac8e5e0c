import { canonicalJson, utf8 } from '@sekisho/proof';
import { sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import {
  FRAME_HEADER_BYTES,
  encodeFrame,
  scanSegment,
} from '../../packages/server/src/adapters/ledger-files/wal-frame.ts';
import {
  KeyDerivation,
  SealedKey,
  openKey,
  sealKey,
} from '../../packages/server/src/adapters/software-keystore/sealed-key.ts';
import type { KeyFacts } from '../../packages/server/src/adapters/software-keystore/sealed-key.ts';
import { decodeBatch, encodeBatch } from '../../packages/server/src/domains/ledger/wal-batch.ts';
import { keyEntry } from '../../packages/server/src/domains/ledger/testing/sample-entries.ts';
import { mutatedJson } from './json-mutations.ts';
import { mutated } from './mutations.ts';
import { ACCEPTED, requireSameBytes, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import type { Choices } from './random-choices.ts';

/** What the cell reads back from its own disk: an accident, or somebody with the disk in hand. */

const PAYLOAD_BYTES_MAX = 4096;
const batches = [1, 3, 20].map((count) =>
  encodeBatch(
    Array.from({ length: count }, (_, index) => ({
      log: index % 2 === 0 ? 'cell' : 'asahikawa',
      index,
      bytes: canonicalJson(keyEntry(index)),
      attachment: index % 3 === 0 ? undefined : new Uint8Array(index),
    })),
  ),
);
const segment = Buffer.concat(batches.map((batch, at) => encodeFrame(at, batch)));
const sealingKey = Buffer.alloc(32, 7);
const sealedSeed = Buffer.alloc(32, 1);
const facts: KeyFacts = {
  name: 'cell/ledger/city',
  number: 1,
  verifierKey: sampleSigner('cell/ledger/city').verifierKey,
  standing: { state: 'signing', fromSize: 20, lookFrom: 3 },
};
const sealedKeys = [
  sealKey(facts, sealedSeed, sealingKey, Buffer.alloc(12, 2)),
  sealKey(
    { ...facts, standing: { state: 'retired', fromSize: 20, toSize: 30 } },
    Buffer.alloc(0),
    sealingKey,
    Buffer.alloc(12, 4),
  ),
].map((text) => utf8(text));
const derivation = utf8(
  JSON.stringify({
    format: 'sekisho-keystore/v1',
    kdf: 'scrypt',
    cost: 17,
    salt: Buffer.alloc(32, 3).toString('base64'),
  }),
);

export const ledgerFileTargets: readonly ParserTarget[] = [
  {
    name: 'wal-batch',
    corpus: batches,
    outcomes: [ACCEPTED, 'ledger_corrupt'],
    parse(input) {
      requireSameBytes(encodeBatch(decodeBatch(input)), input);
    },
  },
  {
    name: 'wal-segment',
    corpus: [segment, segment.subarray(0, -1), Buffer.alloc(0)],
    outcomes: ['clean', 'torn', 'damaged'],
    mutate: (input, choices) => framedAnew(input, choices),
    parse(input) {
      const bytes = Buffer.from(input);
      const { frames, end } = scanSegment(bytes, 0, PAYLOAD_BYTES_MAX);
      const written = Buffer.concat(frames.map(({ payload }, position) => encodeFrame(position, payload)));
      requireSameBytes(written, bytes.subarray(0, end.at));
      requireThat(end.kind !== 'clean' || end.at === bytes.length, 'clean before its end');
      requireThat(
        end.kind !== 'torn' || bytes.length - end.at <= FRAME_HEADER_BYTES + PAYLOAD_BYTES_MAX,
        'more torn off than one write',
      );
      return { code: end.kind };
    },
  },
  {
    name: 'sealed-key',
    corpus: sealedKeys,
    outcomes: [ACCEPTED, 'no_key_file', 'not_opened'],
    mutate: (input, choices) => mutatedJson(input, choices),
    parse(input) {
      const parsed = SealedKey.safeParse(jsonOf(input));
      if (!parsed.success) return { code: 'no_key_file' };
      const seed = openKey(facts.name, parsed.data, sealingKey);
      if (seed === undefined) return { code: 'not_opened' };
      requireThat(parsed.data.format === 'sekisho-key/v2', 'a form in which nothing was sealed');
      const { number, verifierKey, standing } = parsed.data;
      const ended = standing.state === 'retired' && standing.toSize === 30 && seed.length === 0;
      const signing = standing.state === 'signing' && standing.lookFrom === 3 && seed.equals(sealedSeed);
      requireThat((ended || signing) && standing.fromSize === 20, 'another standing, or its key');
      requireThat(number === facts.number && verifierKey === facts.verifierKey, 'another key');
      return { code: ACCEPTED };
    },
  },
  {
    name: 'key-derivation',
    corpus: [derivation],
    outcomes: [ACCEPTED, 'no_key_derivation'],
    mutate: (input, choices) => mutatedJson(input, choices),
    parse(input) {
      const parsed = KeyDerivation.safeParse(jsonOf(input));
      if (!parsed.success) return { code: 'no_key_derivation' };
      requireThat(parsed.data.cost <= 20 && parsed.data.salt.length === 32, 'beyond its bounds');
      return { code: ACCEPTED };
    },
  },
];

function jsonOf(input: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(input).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Frames with good checksums, in wrong places, with hostile payloads, and what is between them. */
function framedAnew(input: Uint8Array, choices: Choices): Uint8Array {
  const frames = Array.from({ length: choices.length(6) }, (_, at) => {
    const position = choices.chance(4) ? choices.below(5) : at;
    const payload = mutated(choices.pick(batches), choices, batches, choices.chance(8) ? 6000 : 500);
    const frame = encodeFrame(position, payload);
    return choices.chance(6) ? mutated(frame, choices, [input], 6000) : frame;
  });
  return Buffer.concat(frames);
}
