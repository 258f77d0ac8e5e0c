import { base64, utf8 } from '../byte-encodings.ts';
import { formatCheckpoint, signCheckpoint } from '../checkpoint.ts';
import type { Cosigner } from '../cosigner.ts';
import type { RefusalCode } from '../refusal.ts';
import { formatVerifierKey, parseVerifierKey } from '../verifier-key.ts';
import { sampleOrigin, sampleSigner } from './sample-log.ts';
import { SAMPLE_TIME_SECONDS, sampleCosigner, sampleWitnesses } from './sample-witnessed.ts';

export { sampleCosigner };

/**
 * The golden files under `vectors/witnesses/` of the repository, made here and nowhere else.
 * `unsatisfied`: all is well signed, and too few witnesses cosigned.
 */
interface GoldenVector {
  /** `cosigned/valid/three.txt`: the first folder is the kind. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly expected: 'valid' | 'unsatisfied' | { readonly code: RefusalCode; readonly where: string };
}

const log = sampleSigner(sampleOrigin);
const { north, south, east } = sampleWitnesses;
const stranger = sampleCosigner('witness.stranger.example');

const witnessLines = [
  `witness north ${north.verifierKey} https://witness.north.example`,
  `witness south ${south.verifierKey}`,
  `witness east ${east.verifierKey}`,
];

/** Two of three, one of them with an ML-DSA-44 key. The files under `cosigned/` are judged by it. */
const twoOfThree = [
  '# Any two of three.',
  `log ${log.verifierKey}`,
  ...witnessLines,
  'group any-two 2 north south east',
  'quorum any-two',
  '',
].join('\n');

const checkpoint = { origin: sampleOrigin, size: 19, root: new Uint8Array(32).fill(7) };
const timeSeconds = SAMPLE_TIME_SECONDS;

export function goldenWitnessVectors(): GoldenVector[] {
  return [...policies(), ...cosigned()];
}

function policies(): GoldenVector[] {
  const valid = (name: string, text: string | Uint8Array): GoldenVector => ({
    file: `policies/valid/${name}.policy`,
    bytes: typeof text === 'string' ? utf8(text) : text,
    expected: 'valid',
  });
  const refused = (name: string, lines: readonly string[], where: string): GoldenVector => ({
    file: `policies/invalid/${name}.policy`,
    bytes: utf8([...lines, ''].join('\n')),
    expected: { code: 'policy_malformed', where },
  });
  const sameKey = formatVerifierKey('renamed.example', publicKeyOf(north), 0x04);
  return [
    valid('two-of-three', twoOfThree),
    valid('no-witness', 'quorum none\n'),
    valid('one-witness', `${witnessLines[0]}\nquorum north\n`),
    valid(
      'nested-groups',
      [...witnessLines, 'group pair any south east', 'group both all north pair', 'quorum both', ''].join(
        '\n',
      ),
    ),
    valid(
      'white-space',
      `\t # 立会人\n\n  ${witnessLines[0]?.replaceAll(' ', ' \t ') ?? ''}\t\nquorum\tnorth \n`,
    ),
    valid('octets-that-are-not-utf-8', Uint8Array.from([0x23, 0xff, 0xfe, 0x0a, ...utf8('quorum none\n')])),
    refused('empty', [], 'quorum'),
    refused('no-quorum', witnessLines, 'quorum'),
    refused('two-quorums', ['quorum none', 'quorum none'], 'line 2'),
    refused('unknown-keyword', ['witnesses none', 'quorum none'], 'line 1'),
    refused('quorum-before-its-witness', ['quorum north', ...witnessLines], 'line 1'),
    refused('group-of-itself', [...witnessLines, 'group all-of-us all north all-of-us'], 'line 4'),
    refused('group-without-members', [...witnessLines, 'group nobody any'], 'line 4'),
    refused('member-twice', [...witnessLines, 'group g any north north'], 'line 4'),
    refused(
      'member-of-two-groups',
      [...witnessLines, 'group a any north', 'group b any north south'],
      'line 5',
    ),
    refused('threshold-zero', [...witnessLines, 'group g 0 north south'], 'line 4'),
    refused('threshold-above-members', [...witnessLines, 'group g 3 north south'], 'line 4'),
    refused('threshold-with-leading-zero', [...witnessLines, 'group g 01 north south'], 'line 4'),
    refused('group-named-none', [...witnessLines, 'group none any north'], 'line 4'),
    refused('none-as-member', [...witnessLines, 'group g any none'], 'line 4'),
    refused('name-twice', [witnessLines[0] ?? '', `witness north ${south.verifierKey}`], 'line 2'),
    refused('key-twice', [witnessLines[0] ?? '', `witness other ${sameKey}`], 'line 2'),
    refused('log-key-as-witness', [`witness north ${log.verifierKey}`], 'line 1'),
    refused('witness-key-as-log', [`log ${north.verifierKey}`], 'line 1'),
    refused('carriage-return', ['quorum none\r'], 'line 1'),
    refused('delete-character', ['# \u007f', 'quorum none'], 'line 1'),
    {
      file: 'policies/invalid/no-final-newline.policy',
      bytes: utf8('quorum none'),
      expected: { code: 'policy_malformed', where: 'end' },
    },
    {
      file: 'policies/invalid/key-changed.policy',
      bytes: utf8(twoOfThree.replace('+', '+0').replace(/(\+0[0-9a-f]{7})[0-9a-f]\+/, '$1+')),
      expected: { code: 'verifier_key_malformed', where: 'line 2' },
    },
  ];
}

function cosigned(): GoldenVector[] {
  const body = formatCheckpoint(checkpoint);
  const note = signCheckpoint(checkpoint, log);
  const northLine = north.cosign(body, timeSeconds);
  const southLine = south.cosign(body, timeSeconds + 1);
  const vector = (name: string, text: string, expected: GoldenVector['expected']): GoldenVector => {
    const folder = typeof expected === 'string' ? expected : 'invalid';
    return { file: `cosigned/${folder}/${name}.txt`, bytes: utf8(text), expected };
  };
  const refused = (name: string, text: string, code: RefusalCode, where: string): GoldenVector =>
    vector(name, text, { code, where });
  const elsewhere = formatCheckpoint({ ...checkpoint, size: 20 });
  const extended = `${body}more\n`;
  return [
    vector('ed25519-and-ml-dsa-44', note + northLine + southLine, 'valid'),
    vector('three', note + northLine + southLine + east.cosign(body, timeSeconds + 2), 'valid'),
    vector('beside-a-stranger', note + northLine + stranger.cosign(body, timeSeconds) + southLine, 'valid'),
    vector('none', note, 'unsatisfied'),
    vector('one', note + northLine, 'unsatisfied'),
    vector('one-twice', note + northLine + north.cosign(body, timeSeconds + 1), 'unsatisfied'),
    vector('one-and-a-stranger', note + northLine + stranger.cosign(body, timeSeconds), 'unsatisfied'),
    refused('not-signed-by-the-log', `${body}\n${northLine}${southLine}`, 'note_unsigned', ''),
    refused(
      'ed25519-of-another-tree',
      note + north.cosign(elsewhere, timeSeconds) + southLine,
      'note_signature_invalid',
      'signatures.1',
    ),
    refused(
      'ml-dsa-44-of-another-tree',
      note + northLine + south.cosign(elsewhere, timeSeconds),
      'note_signature_invalid',
      'signatures.2',
    ),
    refused(
      'ed25519-time-changed',
      note + withTimeChanged(northLine) + southLine,
      'note_signature_invalid',
      'signatures.1',
    ),
    refused(
      'ml-dsa-44-time-changed',
      note + northLine + withTimeChanged(southLine),
      'note_signature_invalid',
      'signatures.2',
    ),
    refused('extension-line', note.replace(body, extended), 'note_signature_invalid', 'signatures.0'),
  ];
}

/** The last byte of the time, which stands after the key id. */
function withTimeChanged(line: string): string {
  const [dash = '', name = '', encoded = ''] = line.trimEnd().split(' ');
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  bytes[11] = (bytes[11] ?? 0) ^ 1;
  return `${dash} ${name} ${base64(bytes)}\n`;
}

function publicKeyOf({ verifierKey }: Cosigner): Uint8Array {
  return parseVerifierKey(verifierKey).publicKey;
}
