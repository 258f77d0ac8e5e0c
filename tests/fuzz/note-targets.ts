import {
  equalBytes,
  formatAddCheckpoint,
  formatCheckpoint,
  formatSignatureLine,
  formatTimedSignature,
  formatVerifierKey,
  hex,
  keyId,
  base64,
  mlDsa44CosignedMessage,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  parseTimedSignature,
  parseVerifierKey,
  parseVerifierKeys,
  parseWitnessPolicy,
  policySatisfied,
  utf8,
  verifyCheckpoint,
} from '@sekisho/proof';
import {
  goldenWitnessVectors,
  sampleCosigner,
} from '../../packages/proof/src/testing/golden-witness-vectors.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { mutated } from './mutations.ts';
import { ACCEPTED, requireSameBytes, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import type { Choices } from './random-choices.ts';
import { goldenFiles, goldenKeys } from './sample-files.ts';

/** Signed notes and what is in them: checkpoints, keys, policies, submissions to a witness. */

const notes = [
  ...goldenFiles('notes/**'),
  ...goldenFiles('checkpoints/**'),
  ...goldenFiles('witnesses/cosigned/**'),
];
const keys = goldenKeys();
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const parts = notes.map((note) => textOf(note).split('\n\n', 1)[0] ?? '');
const bodies = [...new Set(parts)].map((body) => utf8(`${body}\n`));
/** What the trusted keys of the golden files signed, and nothing else ever. */
const signedBodies = new Set(
  notes.flatMap((note) => {
    try {
      verifyCheckpoint(textOf(note), keys);
      return [parseNote(textOf(note)).body];
    } catch {
      return [];
    }
  }),
);
const policies = goldenFiles('witnesses/policies/**');
const twoOfThree = parseWitnessPolicy(
  goldenWitnessVectors().find(({ file }) => file === 'policies/valid/two-of-three.policy')?.bytes ?? utf8(''),
);
const cosignedBodies = new Set(
  goldenWitnessVectors()
    .filter(({ file }) => file.startsWith('cosigned/valid/'))
    .map(({ bytes }) => parseNote(textOf(bytes)).body),
);

export const noteTargets: readonly ParserTarget[] = [
  {
    name: 'note',
    corpus: notes,
    outcomes: [ACCEPTED, 'note_malformed'],
    parse(input) {
      const { body, signatures } = parseNote(textOf(input));
      requireSameBytes(utf8(`${body}\n${signatures.map(formatSignatureLine).join('')}`), utf8(textOf(input)));
    },
  },
  {
    name: 'checkpoint-body',
    corpus: bodies,
    outcomes: [ACCEPTED, 'checkpoint_malformed'],
    parse(input) {
      requireSameBytes(utf8(formatCheckpoint(parseCheckpoint(textOf(input)))), utf8(textOf(input)));
    },
  },
  {
    name: 'checkpoint',
    corpus: notes,
    outcomes: [ACCEPTED, 'note_malformed', 'note_signature_invalid', 'note_unsigned', 'checkpoint_malformed'],
    parse(input) {
      verifyCheckpoint(textOf(input), keys);
      requireThat(signedBodies.has(parseNote(textOf(input)).body), 'a body that nobody signed');
    },
  },
  {
    name: 'checkpoint-of-a-hostile-log',
    corpus: notes,
    outcomes: [ACCEPTED, 'note_malformed', 'note_signature_invalid', 'note_unsigned', 'checkpoint_malformed'],
    share: 0.5,
    // The log itself signs what it should not.
    mutate: (input, choices) => signedAnew(mutated(bodyOf(input), choices, bodies, 4096)),
    parse(input) {
      const checkpoint = verifyCheckpoint(textOf(input), keys);
      requireThat(checkpoint.origin === sampleOrigin, 'another origin');
    },
  },
  {
    name: 'verifier-keys',
    corpus: [utf8(keyLines().join('\n')), ...keyLines().map((line) => utf8(line))],
    outcomes: [ACCEPTED, 'verifier_key_malformed', 'verifier_key_unsupported'],
    mutate: (_input, choices) => utf8(anyVerifierKey(choices)),
    parse(input) {
      for (const key of parseVerifierKeys(textOf(input))) {
        requireThat(
          parseVerifierKey(formatVerifierKey(key.name, key.publicKey, key.type)).keyId === key.keyId,
          'a key that is written in another way',
        );
        // Any 32 bytes are taken as a key: those of no point on the curve verify nothing.
        requireThat(!key.verify(utf8('body\n'), new Uint8Array(64).fill(1)), 'a signature that nobody made');
      }
    },
  },
  {
    name: 'witness-policy',
    corpus: policies,
    outcomes: [ACCEPTED, 'policy_malformed', 'verifier_key_malformed'],
    parse(input) {
      const policy = parseWitnessPolicy(input);
      const { verdict } = policySatisfied(policy, '');
      requireThat(verdict === 'invalid', 'no note satisfies it');
      const all = [...policy.logs, ...policy.witnesses].map(({ key }) => base64(key.publicKey));
      requireThat(new Set(all).size >= Math.max(policy.logs.length, policy.witnesses.length), 'a key twice');
    },
  },
  {
    name: 'cosigned-checkpoint',
    corpus: notes,
    outcomes: [
      'satisfied',
      'unsatisfied',
      'note_malformed',
      'note_signature_invalid',
      'note_unsigned',
      'checkpoint_malformed',
    ],
    share: 0.3,
    mutate: (input, choices) => withLinesOf(choices, input),
    parse(input) {
      const verdict = policySatisfied(twoOfThree, textOf(input));
      if (verdict.verdict === 'invalid') return { code: verdict.code, where: verdict.where };
      const { body } = parseNote(textOf(input));
      requireThat(signedBodies.has(body) || cosignedBodies.has(body), 'a body that no log signed');
      if (verdict.verdict === 'satisfied') {
        requireThat(cosignedBodies.has(body), 'a body that nobody cosigned');
        requireThat(new Set(verdict.witnesses.map(({ witness }) => witness)).size >= 2, 'one witness alone');
      }
      return { code: verdict.verdict };
    },
  },
  {
    name: 'add-checkpoint',
    corpus: submissions(),
    outcomes: [ACCEPTED, 'submission_malformed'],
    bytesMax: 140_000,
    parse(input) {
      requireSameBytes(utf8(formatAddCheckpoint(parseAddCheckpoint(input))), input);
    },
  },
  {
    name: 'timed-signature',
    corpus: [formatTimedSignature({ timeSeconds: 1_775_000_000, signature: new Uint8Array(64) })],
    outcomes: [ACCEPTED, 'none'],
    parse(input) {
      const timed = parseTimedSignature(input);
      if (timed === undefined) return { code: 'none' };
      requireSameBytes(formatTimedSignature(timed), input);
    },
  },
  {
    name: 'cosigned-message',
    corpus: bodies,
    outcomes: [ACCEPTED, 'none'],
    parse(input) {
      const message = mlDsa44CosignedMessage('witness.example', input, 1);
      if (message === undefined) return { code: 'none' };
      const { root } = parseCheckpoint(textOf(input));
      requireThat(equalBytes(message.subarray(-32), root), 'another root');
    },
  },
];

function bodyOf(note: Uint8Array): Uint8Array {
  return utf8(`${textOf(note).split('\n\n', 1)[0] ?? ''}\n`);
}

function signedAnew(body: Uint8Array): Uint8Array {
  const signer = sampleSigner(sampleOrigin);
  const text = textOf(body);
  const { name, keyId: id } = signer;
  return utf8(`${text}\n${formatSignatureLine({ name, keyId: id, signature: signer.sign(utf8(text)) })}`);
}

function keyLines(): string[] {
  return [
    '# keys',
    sampleSigner(sampleOrigin).verifierKey,
    sampleCosigner('witness.north.example').verifierKey,
    sampleCosigner('witness.south.example', 'ml-dsa-44').verifierKey,
  ];
}

/** Keys of any type, length and name whose id is right. */
function anyVerifierKey(choices: Choices): string {
  const type = choices.pick([0, 1, 1, 2, 4, 5, 6, 0xff]);
  const publicKey = choices.bytes(choices.pick([0, 31, 32, 32, 33, 1311, 1312, 1312]));
  const name = choices.pick([
    'log.example',
    'a b',
    'a+b',
    '',
    'x'.repeat(257),
    '\u00a0',
    '関所',
    '\ud83d\ude00',
  ]);
  const typed = Uint8Array.of(type, ...publicKey);
  return `${name}+${hex(Uint8Array.from(idBytes(keyId(name, type, publicKey))))}+${base64(typed)}`;
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes;
}

/** Signature lines of other notes, in any order and number, under this body. */
function withLinesOf(choices: Choices, input: Uint8Array): Uint8Array {
  const lines = notes.flatMap((note) => textOf(note).match(/^\u2014 .*\n/gmu) ?? []);
  const taken = Array.from({ length: choices.length(8) }, () => choices.pick(lines));
  return utf8(`${textOf(bodyOf(input))}\n${taken.join('')}`);
}

function submissions(): Uint8Array[] {
  const [checkpoint = ''] = notes.map(textOf);
  const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
  const hashes = Array.from({ length: 63 }, (_, at) => hash(at));
  return [
    { oldSize: 0, proof: [], checkpoint },
    { oldSize: 5, proof: hashes.slice(0, 3), checkpoint },
    { oldSize: Number.MAX_SAFE_INTEGER, proof: hashes, checkpoint },
    { oldSize: 5, proof: [...hashes, hash(64)], checkpoint },
  ].map((submission) => utf8(formatAddCheckpoint(submission)));
}
