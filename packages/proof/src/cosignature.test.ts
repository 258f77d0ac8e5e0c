import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#crypto';
import { ADD_CHECKPOINT_BYTES_MAX, formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';
import { concatBytes, hex, textOfUtf8, utf8 } from './byte-encodings.ts';
import { formatCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import {
  ed25519CosignedMessage,
  formatTimedSignature,
  mlDsa44CosignedMessage,
  parseTimedSignature,
} from './cosigned-message.ts';
import { cosignerAlgorithms } from './cosigner.ts';
import { policySatisfied } from './policy-verdict.ts';
import { Refusal } from './refusal.ts';
import { parseNote, verifyNote } from './signed-note.ts';
import { goldenWitnessVectors, sampleCosigner } from './testing/golden-witness-vectors.ts';
import { sampleSigner } from './testing/sample-log.ts';
import { parseVerifierKey } from './verifier-key.ts';
import { POLICY_BYTES_MAX, parseWitnessPolicy } from './witness-policy.ts';

const refusal = (code: string, where?: string): unknown =>
  expect.objectContaining({ name: 'Refusal', code, ...(where !== undefined && { where }) });

const log = sampleSigner('cell.example.jp/ledger/cell');
const logKey = parseVerifierKey(log.verifierKey);
const checkpoint = { origin: log.name, size: 19, root: sha256(utf8('root')) };
const body = formatCheckpoint(checkpoint);
const note = signCheckpoint(checkpoint, log);

describe('the signed messages of tlog-cosignature', () => {
  test('are those of the specification, byte for byte', () => {
    const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    expect(new TextDecoder().decode(ed25519CosignedMessage(utf8(example), 1_679_315_147))).toBe(
      `cosignature/v1\ntime 1679315147\n${example}`,
    );
    const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64').toString('hex');
    expect(hex(mlDsa44CosignedMessage('w', utf8(example), 1_679_315_147) ?? new Uint8Array(0))).toBe(
      [
        '737562747265652f76310a00', // "subtree/v1\n\0"
        '0177', // cosigner_name
        '00000000641850cb', // timestamp
        '1b6578616d706c652e636f6d2f626568696e642d7468652d736f6661', // log_origin
        '0000000000000000', // start
        '00000000013e2dc3', // end
        root,
      ].join(''),
    );
  });

  test('hold a time to 2^53 - 1 and no more', () => {
    const signature = new Uint8Array(64);
    const timed = { timeSeconds: Number.MAX_SAFE_INTEGER, signature };
    expect(parseTimedSignature(formatTimedSignature(timed))).toEqual(timed);
    const later = concatBytes([Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0), signature]);
    expect(parseTimedSignature(later)).toBeUndefined();
    expect(parseTimedSignature(new Uint8Array(8))).toBeUndefined();
  });

  test('of ML-DSA-44 leave no room for longer names or for other texts', () => {
    expect(mlDsa44CosignedMessage('w'.repeat(255), utf8(body), 1)).toBeDefined();
    expect(mlDsa44CosignedMessage('w'.repeat(256), utf8(body), 1)).toBeUndefined();
    const long = formatCheckpoint({ ...checkpoint, origin: 'o'.repeat(256) });
    expect(mlDsa44CosignedMessage('w', utf8(long), 1)).toBeUndefined();
    expect(mlDsa44CosignedMessage('w', utf8('text\n'), 1)).toBeUndefined();
    expect(mlDsa44CosignedMessage('w', Uint8Array.of(0xff), 1)).toBeUndefined();
  });
});

describe.each(cosignerAlgorithms)('an %s cosigner', (algorithm) => {
  const witness = sampleCosigner('witness.example', algorithm);
  const key = parseVerifierKey(witness.verifierKey);
  const line = witness.cosign(body, 1_775_000_000);

  test('signs lines that verify, with their time', () => {
    expect([key.role, key.name, key.keyId]).toEqual(['cosigner', witness.name, witness.keyId]);
    expect(verifyNote(note + line, [key]).signedBy).toEqual([key]);
    const [, signature] = parseNote(note + line).signatures;
    expect(parseTimedSignature(signature!.signature)?.timeSeconds).toBe(1_775_000_000);
  });

  test('does not speak for a log, not even under its name', () => {
    const impostor = sampleCosigner(log.name, algorithm);
    const forged = `${body}\n${impostor.cosign(body, 1)}`;
    const keys = [logKey, parseVerifierKey(impostor.verifierKey)];
    expect(() => verifyCheckpoint(forged, keys)).toThrowError(refusal('note_unsigned'));
    expect(verifyCheckpoint(note + impostor.cosign(body, 1), keys)).toMatchObject(checkpoint);
  });

  test('signs nothing but checkpoints, and states a time', () => {
    expect(() => witness.cosign('text\n', 1)).toThrowError(refusal('checkpoint_malformed'));
    for (const time of [0, -1, 0.5, 2 ** 53])
      expect(() => witness.cosign(body, time)).toThrowError(RangeError);
  });

  test('has no signature with a byte changed, cut or added', () => {
    const { signature } = parseNote(note + line).signatures[1]!;
    const signed = utf8(body);
    expect(key.verify(signed, signature)).toBe(true);
    const step = Math.ceil(signature.length / 24);
    for (let at = 0; at < signature.length; at += step) {
      expect(key.verify(signed, signature.with(at, signature[at]! ^ 1))).toBe(false);
    }
    expect(key.verify(signed, signature.subarray(0, -1))).toBe(false);
    expect(key.verify(signed, concatBytes([signature, Uint8Array.of(0)]))).toBe(false);
    expect(key.verify(signed, new Uint8Array(0))).toBe(false);
  });

  test('answers random signature bytes with false', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2500 }), (bytes) => !key.verify(utf8(body), bytes)),
      { numRuns: 50 },
    );
  });
});

describe('policySatisfied', () => {
  const witnesses = ['a', 'b', 'c', 'd'].map((name) => [name, sampleCosigner(`${name}.example`)] as const);
  const lines = witnesses.map(([name, { verifierKey }]) => `witness ${name} ${verifierKey}`);
  const policyOf = (...more: string[]) =>
    parseWitnessPolicy(utf8([`log ${log.verifierKey}`, ...lines, ...more, ''].join('\n')));
  const cosignedBy = (names: string): string =>
    note +
    witnesses
      .filter(([name]) => names.includes(name))
      .map(([, each], at) => each.cosign(body, 100 + at))
      .join('');

  test.each([
    ['none', [], '', 'satisfied'],
    ['a', [], 'a', 'satisfied'],
    ['a', [], 'bcd', 'unsatisfied'],
    ['g', ['group g any a b'], 'b', 'satisfied'],
    ['g', ['group g all a b'], 'b', 'unsatisfied'],
    ['g', ['group g 2 a b c'], 'ac', 'satisfied'],
    ['g', ['group g 3 a b c d'], 'ad', 'unsatisfied'],
    ['both', ['group pair 2 b c d', 'group both all a pair'], 'acd', 'satisfied'],
    ['both', ['group pair 2 b c d', 'group both all a pair'], 'bcd', 'unsatisfied'],
    ['both', ['group pair 2 b c d', 'group both all a pair'], 'ab', 'unsatisfied'],
  ])('with quorum %s, %j, cosigned by %j: %s', (quorum, groups, names, verdict) => {
    expect(policySatisfied(policyOf(...groups, `quorum ${quorum}`), cosignedBy(names))).toMatchObject({
      verdict,
      checkpoint,
      witnesses: Array.from(names, (witness, at) => ({ witness, timeSeconds: 100 + at })),
    });
  });

  test('takes logs from elsewhere, and never a log of none', () => {
    const policy = parseWitnessPolicy(utf8('quorum none\n'));
    expect(policySatisfied(policy, note)).toMatchObject({ verdict: 'invalid', code: 'note_unsigned' });
    expect(policySatisfied(policy, note, [logKey])).toMatchObject({ verdict: 'satisfied' });
    const other = parseVerifierKey(sampleSigner('other.example').verifierKey);
    expect(policySatisfied(policy, note, [other])).toMatchObject({ code: 'note_unsigned' });
  });

  test('answers any text with a verdict, and only signed ones well', () => {
    const policy = policyOf('quorum a');
    const signed = cosignedBy('a');
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.string({ unit: 'binary', maxLength: 3 }), (at, text) => {
        const changed = signed.slice(0, at) + text + signed.slice(at + 1);
        const { verdict } = policySatisfied(policy, changed);
        return verdict === 'satisfied' ? changed === signed : true;
      }),
      { numRuns: 300 },
    );
  });
});

describe('hostile bytes', () => {
  const pieces = fc.constantFrom(
    'log ',
    'witness ',
    'group ',
    'quorum ',
    'none',
    'any',
    'all',
    'a ',
    'b ',
    '1 ',
    '\n',
    '\t',
    '#',
    'old 0',
    'old ',
    '\n\n',
    log.verifierKey,
    sampleCosigner('a').verifierKey,
    `${'A'.repeat(43)}=`,
    '\u0000',
    'é',
    '\u2014 n AAAAAAAA\n',
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(pieces, { maxLength: 30 }).map((parts) => utf8(parts.join(''))),
  );

  test.each([
    ['a policy', parseWitnessPolicy],
    ['a submission', parseAddCheckpoint],
  ])('as %s are read or refused, typed', (_, parse) => {
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          parse(input);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('in great numbers are refused', () => {
    const comment = utf8(`#${'x'.repeat(POLICY_BYTES_MAX)}\nquorum none\n`);
    expect(() => parseWitnessPolicy(comment)).toThrowError(refusal('policy_malformed'));
    const submission = utf8(`old 0\n\n${'x'.repeat(ADD_CHECKPOINT_BYTES_MAX)}`);
    expect(() => parseAddCheckpoint(submission)).toThrowError(refusal('submission_malformed'));
  });
});

describe('a submission', () => {
  test('reads back', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.array(hash, { maxLength: 63 }), (oldSize, proof) => {
        const submission = { oldSize, proof, checkpoint: note };
        expect(parseAddCheckpoint(utf8(formatAddCheckpoint(submission)))).toEqual(submission);
      }),
    );
  });

  const hashLine = `${'A'.repeat(43)}=`;
  test.each([
    ['', 'old 0\n'],
    ['line 1', `\n\n${note}`],
    ['line 1', `old\n\n${note}`],
    ['line 1', `old 00\n\n${note}`],
    ['line 1', `old -1\n\n${note}`],
    ['line 1', `old 9007199254740992\n\n${note}`],
    ['line 1', ` old 0\n\n${note}`],
    ['line 1', `old 0\r\n\n${note}`],
    ['line 2', `old 1\n${hashLine.slice(4)}\n\n${note}`],
    ['line 2', `old 1\n${hashLine.replace('=', '')}\n\n${note}`],
    ['line 65', `old 1\n${`${hashLine}\n`.repeat(64)}\n${note}`],
  ])('with a fault in %s is refused (%#)', (where, text) => {
    expect(() => parseAddCheckpoint(utf8(text))).toThrowError(refusal('submission_malformed', where));
  });
});

describe('golden vectors of witnesses', () => {
  const folder = resolve(import.meta.dirname, '../../../vectors/witnesses');
  const verdicts = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Record<string, unknown>;
  const policy = parseWitnessPolicy(readFileSync(join(folder, 'policies/valid/two-of-three.policy')));

  const judge = (file: string, bytes: Uint8Array): unknown => {
    if (file.startsWith('cosigned/')) {
      const judged = policySatisfied(policy, textOfUtf8(bytes)!);
      if (judged.verdict === 'invalid') return { code: judged.code, where: judged.where };
      return judged.verdict === 'satisfied' ? 'valid' : judged.verdict;
    }
    try {
      parseWitnessPolicy(bytes);
      return 'valid';
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { code: error.code, where: error.where };
    }
  };

  test.each(Object.entries(verdicts))('%s', (file, expected) => {
    expect(judge(file, readFileSync(join(folder, file)))).toEqual(expected);
  });

  test('are the files there and no others, in the bytes that are written today', () => {
    const written = goldenWitnessVectors();
    const present = globSync('*/*/*', { cwd: folder });
    expect(present.toSorted()).toEqual(written.map(({ file }) => file).toSorted());
    for (const { file, bytes, expected } of written) {
      expect(verdicts[file]).toEqual(expected);
      expect(new Uint8Array(readFileSync(join(folder, file)))).toEqual(new Uint8Array(bytes));
    }
  });
});
