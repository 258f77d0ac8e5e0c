import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ed25519Signer, sha256 } from '#crypto';
import { base64, concatBytes, utf8 } from './byte-encodings.ts';
import { formatCheckpoint, parseCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { Refusal } from './refusal.ts';
import { NOTE_BYTES_MAX, parseNote, signNote, verifyNote } from './signed-note.ts';
import { sampleSigner } from './testing/sample-log.ts';
import { formatVerifierKey, keyId, keyIdBytes, parseVerifierKey, parseVerifierKeys } from './verifier-key.ts';

const refusal = (code: string, where?: string): unknown =>
  expect.objectContaining({ name: 'Refusal', code, ...(where !== undefined && { where }) });

// The published example of golang.org/x/mod/sumdb/note.
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const peterNote =
  `${peterText}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg` +
  'KvqfqdngotpRZb6KE6RyyBwJnAM=\n';

describe('verifier keys', () => {
  test('read and write the published example', () => {
    const key = parseVerifierKey(peterKey);
    expect([key.name, key.keyId, key.type]).toEqual(['PeterNeumann', 0xc74f20a3, 1]);
    expect(formatVerifierKey(key.name, key.publicKey)).toBe(peterKey);
  });

  test('with any character changed or cut are refused', () => {
    for (let at = 0; at < peterKey.length; at++) {
      const next = String.fromCharCode(peterKey.charCodeAt(at) + 1);
      for (const bad of [
        peterKey.slice(0, at),
        peterKey.slice(at + 1),
        peterKey.slice(0, at) + next + peterKey.slice(at + 1),
      ]) {
        expect(() => parseVerifierKey(bad)).toThrowError(refusal('verifier_key_malformed'));
      }
    }
  });

  test('with a name that a signature line cannot hold are refused', () => {
    const { publicKey } = parseVerifierKey(peterKey);
    for (const name of [
      '',
      'a b',
      'a+b',
      'a\nb',
      'a\u3000b',
      'a\u0085b',
      'a\u0000b',
      'a\ud800b',
      'a'.repeat(257),
    ]) {
      expect(() => formatVerifierKey(name, publicKey)).toThrowError(refusal('verifier_key_malformed'));
    }
    expect(parseVerifierKey(formatVerifierKey('関所.example/ledger/a', publicKey)).name).toBe(
      '関所.example/ledger/a',
    );
  });

  test('of other types are told apart from malformed ones', () => {
    const other = (type: number, key: Uint8Array): string =>
      `n+${Buffer.from(keyIdBytes(keyId('n', type, key))).toString('hex')}+${base64(concatBytes([Uint8Array.of(type), key]))}`;
    expect(() => parseVerifierKey(other(2, new Uint8Array(32)))).toThrowError(
      refusal('verifier_key_unsupported'),
    );
    expect(() => parseVerifierKey(other(1, new Uint8Array(31)))).toThrowError(
      refusal('verifier_key_malformed'),
    );
  });

  test('come many in a file, with comments', () => {
    const other = sampleSigner('other').verifierKey;
    const keys = parseVerifierKeys(`# keys of a cell\r\n\r\n${peterKey}\r\n  # more\n${other}`);
    expect(keys.map((key) => key.name)).toEqual(['PeterNeumann', 'other']);
    expect(() => parseVerifierKeys(`# one\n${peterKey}\nnonsense\n`)).toThrowError(
      refusal('verifier_key_malformed', 'line 3'),
    );
    expect(() => parseVerifierKeys('# nothing\n')).toThrowError(refusal('verifier_key_malformed'));
    // As one pattern this would need a stack as long as the line.
    const long = '関'.repeat(10_000_000);
    expect(() => parseVerifierKeys(`# keys\n${long}`)).toThrowError(
      refusal('verifier_key_malformed', 'line 2'),
    );
  });
});

describe('Ed25519', () => {
  test('signs and verifies RFC 8032 section 7.1 test 2', () => {
    const signer = ed25519Signer(
      Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'),
    );
    expect(Buffer.from(signer.publicKey).toString('hex')).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    expect(Buffer.from(signer.sign(Uint8Array.of(0x72))).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });
});

describe('signed notes', () => {
  const peter = parseVerifierKey(peterKey);
  const alice = sampleSigner('alice');
  const bob = sampleSigner('bob');
  const aliceKey = parseVerifierKey(alice.verifierKey);
  const bobKey = parseVerifierKey(bob.verifierKey);
  const body = 'first line\n\nthird line\n';
  const signatureLine = (name: string, bytes: Uint8Array): string => `\u2014 ${name} ${base64(bytes)}\n`;

  test('verify the published example', () => {
    expect(verifyNote(peterNote, [peter])).toEqual({ body: peterText, signedBy: [peter] });
  });

  test('may hold empty lines, and many signatures', () => {
    expect(verifyNote(signNote(body, alice, bob), [bobKey, aliceKey])).toEqual({
      body,
      signedBy: [aliceKey, bobKey],
    });
    const crowd = Array.from({ length: 16 }, (_, n) => sampleSigner(`witness-${n}`));
    const keys = crowd.map(({ verifierKey }) => parseVerifierKey(verifierKey));
    expect(verifyNote(signNote(body, ...crowd), keys).signedBy).toEqual(keys);
  });

  test('ignore keys that the reader does not know', () => {
    const note = signNote(body, alice) + signatureLine('stranger', new Uint8Array(200));
    expect(verifyNote(note, [aliceKey]).signedBy).toEqual([aliceKey]);
    expect(() => verifyNote(note, [bobKey])).toThrowError(refusal('note_unsigned'));
    expect(() => verifyNote(note, [])).toThrowError(refusal('note_unsigned'));
  });

  test('count a key that signed twice once', () => {
    expect(verifyNote(signNote(body, alice, alice), [aliceKey]).signedBy).toEqual([aliceKey]);
  });

  test('are refused whole for one bad signature of a known key', () => {
    const bad = concatBytes([keyIdBytes(bob.keyId), new Uint8Array(64)]);
    const note = signNote(body, alice) + signatureLine('bob', bad);
    expect(() => verifyNote(note, [aliceKey, bobKey])).toThrowError(
      refusal('note_signature_invalid', 'signatures.1'),
    );
    const short = signNote(body, alice) + signatureLine('bob', bad.subarray(0, 20));
    expect(() => verifyNote(short, [aliceKey, bobKey])).toThrowError(refusal('note_signature_invalid'));
  });

  test('know a key by name and id together', () => {
    const renamed = signNote(body, { ...alice, name: 'bob' });
    expect(() => verifyNote(renamed, [aliceKey, bobKey])).toThrowError(refusal('note_unsigned'));
  });

  const signature = base64(new Uint8Array(68));
  test.each([
    ['nothing', ''],
    ['no signatures', 'text\n'],
    ['an empty signature block', 'text\n\n'],
    ['no empty line', `text\n\u2014 n ${signature}\n`],
    ['no final newline', `text\n\n\u2014 n ${signature}`],
    ['a hyphen for the dash', `text\n\n- n ${signature}\n`],
    ['two spaces', `text\n\n\u2014  n ${signature}\n`],
    ['no name', `text\n\n\u2014 ${signature}\n`],
    ['a plus in a name', `text\n\n\u2014 a+b ${signature}\n`],
    ['a wide space in a name', `text\n\n\u2014 a\u3000b ${signature}\n`],
    ['trailing space', `text\n\n\u2014 n ${signature} \n`],
    ['carriage returns', `text\r\n\n\u2014 n ${signature}\n`],
    ['a control character', `te\u0007xt\n\n\u2014 n ${signature}\n`],
    ['a lone surrogate', `te\ud800xt\n\n\u2014 n ${signature}\n`],
    ['only a key id', `text\n\n\u2014 n ${base64(new Uint8Array(4))}\n`],
    ['base64 without padding', `text\n\n\u2014 n ${base64(new Uint8Array(68)).replace(/=+$/, '')}\n`],
    ['base64 with stray bits', `text\n\n\u2014 n ${base64(new Uint8Array(68)).replace('A=', 'B=')}\n`],
    ['base64 for URLs', `text\n\n\u2014 n ${'_'.repeat(92)}\n`],
    ['101 signatures', `text\n\n${`\u2014 n ${signature}\n`.repeat(101)}`],
    ['more than a megabyte', `${'x'.repeat(NOTE_BYTES_MAX)}\n\n\u2014 n ${signature}\n`],
    ['more than a megabyte in UTF-8', `${'関'.repeat(NOTE_BYTES_MAX / 2)}\n\n\u2014 n ${signature}\n`],
  ])('with %s are malformed', (_, note) => {
    expect(() => parseNote(note)).toThrowError(refusal('note_malformed'));
  });

  test('are not signed when no reader would accept them', () => {
    for (const bad of ['', 'text', 'te\u0000xt\n', 'te\rxt\n']) {
      expect(() => signNote(bad, alice)).toThrowError(refusal('note_malformed'));
    }
    expect(() => signNote('text\n')).toThrowError(refusal('note_malformed'));
    expect(() => signNote('text\n', { ...alice, name: 'a b' })).toThrowError(refusal('note_malformed'));
  });

  test('with any one character changed do not verify', () => {
    const note = signNote(body, alice);
    for (let at = 0; at < note.length; at++) {
      for (const flip of [1, 0x20]) {
        const changed =
          note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ flip) + note.slice(at + 1);
        expect(() => verifyNote(changed, [aliceKey])).toThrowError(Refusal);
      }
    }
  });

  test('answer random text with typed refusals only', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constant(''),
      fc.constant(`\u2014 alice ${signature}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        try {
          verifyNote(lines.join('\n'), [aliceKey]);
          expect.unreachable('nobody signed this');
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('checkpoints', () => {
  const signer = sampleSigner('cell.example.jp/ledger/asahikawa');
  const key = parseVerifierKey(signer.verifierKey);
  const checkpoint = { origin: signer.name, size: 20_852_163, root: sha256(utf8('root')) };

  test('read back', () => {
    expect(verifyCheckpoint(signCheckpoint(checkpoint, signer), [key])).toEqual({
      ...checkpoint,
      signedBy: [key],
    });
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, size, root }))).toEqual({
          ...checkpoint,
          size,
          root,
        });
      }),
    );
  });

  test('need the key of their own log among the signers', () => {
    const witness = sampleSigner('witness.example');
    const keys = [key, parseVerifierKey(witness.verifierKey)];
    expect(verifyCheckpoint(signCheckpoint(checkpoint, witness, signer), keys)).toMatchObject(checkpoint);
    expect(() => verifyCheckpoint(signCheckpoint(checkpoint, witness), keys)).toThrowError(
      refusal('note_unsigned'),
    );
  });

  const root = base64(checkpoint.root);
  test.each([
    ['', `o\n1\n${root}`],
    ['', `o\n1\n${root}\nextension\n`],
    ['', 'o\n1\n'],
    ['origin', `\n1\n${root}\n`],
    ['origin', `a b\n1\n${root}\n`],
    ['size', `o\n01\n${root}\n`],
    ['size', `o\n-1\n${root}\n`],
    ['size', `o\n1e3\n${root}\n`],
    ['size', `o\n\n${root}\n`],
    ['size', `o\n9007199254740992\n${root}\n`],
    ['root', `o\n1\n${base64(new Uint8Array(31))}\n`],
    ['root', 'o\n1\n\n'],
    ['root', `o\n1\n${root} \n`],
  ])('with a bad %s are malformed (%#)', (where, body) => {
    expect(() => parseCheckpoint(body)).toThrowError(refusal('checkpoint_malformed', where));
  });

  test('that cannot be are not written', () => {
    for (const bad of [
      { size: -1 },
      { size: 0.5 },
      { size: 2 ** 53 },
      { root: new Uint8Array(31) },
      { origin: '' },
    ]) {
      expect(() => formatCheckpoint({ ...checkpoint, ...bad })).toThrowError(refusal('checkpoint_malformed'));
    }
  });
});
