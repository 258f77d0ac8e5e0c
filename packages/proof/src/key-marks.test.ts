import { describe, expect, test } from 'vitest';
import { sha256 } from '#crypto';
import { utf8 } from './byte-encodings.ts';
import { signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { verifyAnyReceipt } from './receipt-forms.ts';
import { sampleForms, sampleOrigin } from './testing/sample-log.ts';
import { ed25519NoteSigner, formatVerifierKeys, parseVerifierKeys } from './verifier-key.ts';
import type { KeyMark } from './verifier-key.ts';

const old = ed25519NoteSigner(sampleOrigin, sha256(utf8('old')));
const young = ed25519NoteSigner(sampleOrigin, sha256(utf8('young')));
const file = (...keys: [signer: { verifierKey: string }, mark?: KeyMark][]): string =>
  formatVerifierKeys(
    'keys',
    keys.map(([{ verifierKey }, mark]) => (mark === undefined ? { verifierKey } : { verifierKey, mark })),
  );
const note = (size: number, ...signers: (typeof old)[]): string =>
  signCheckpoint({ origin: sampleOrigin, size, root: new Uint8Array(32) }, ...signers);
const refusal = (code: string) => expect.objectContaining({ code });

const retired: KeyMark = { state: 'retired', toSize: 7 };
const compromised: KeyMark = { state: 'compromised', trustedToSize: 7 };

describe('a key file with marks', () => {
  test('gives back every key with its mark, compromised ones only when asked', () => {
    const text = file([old, retired], [young]);
    expect(parseVerifierKeys(text).map(({ mark }) => mark)).toEqual([retired, undefined]);
    const bad = file([old, compromised], [young]);
    expect(parseVerifierKeys(bad).map(({ keyId }) => keyId)).toEqual([young.keyId]);
    expect(parseVerifierKeys(bad, { withCompromised: true }).map(({ mark }) => mark)).toEqual([
      compromised,
      undefined,
    ]);
    expect(() => parseVerifierKeys(file([old, compromised]))).toThrowError(refusal('verifier_key_malformed'));
  });

  test('is a list of keys for whoever knows no marks', () => {
    const lines = file([old, retired], [young, compromised]).split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([old.verifierKey]);
  });

  test('names the line of a key that is none, and marks nothing by a text that is like a mark', () => {
    expect(() =>
      parseVerifierKeys(`${old.verifierKey}\n#! compromised trusted-to-size=1 nonsense\n`),
    ).toThrowError(expect.objectContaining({ code: 'verifier_key_malformed', where: 'line 2' }));
    for (const like of [
      '#! retired',
      '#! retired to-size=',
      '# retired to-size=1',
      '#! retired to-size=1 x',
    ]) {
      expect(parseVerifierKeys(`${like}\n${old.verifierKey}\n`)[0]?.mark).toBeUndefined();
    }
  });
});

describe('a tree signed by', () => {
  const keysOf = (text: string) => parseVerifierKeys(text, { withCompromised: true });

  test('two keys in overlap verifies with either alone', () => {
    for (const known of [file([old]), file([young]), file([old], [young])]) {
      expect(verifyCheckpoint(note(9, old, young), keysOf(known)).size).toBe(9);
    }
    const forged = note(9, old, young)
      .replace(/(\u2014 \S+ \S{20})./u, (_, start) => `${start}_`)
      .replace('_', '0');
    expect(() => verifyCheckpoint(forged, keysOf(file([old], [young])))).toThrowError(
      refusal('note_signature_invalid'),
    );
    expect(verifyCheckpoint(forged, keysOf(file([young]))).size).toBe(9);
  });

  test('a retired key verifies up to the size that it signed last', () => {
    const keys = keysOf(file([old, retired], [young]));
    expect(verifyCheckpoint(note(7, old), keys).signedBy.map(({ mark }) => mark)).toEqual([retired]);
    expect(() => verifyCheckpoint(note(8, old), keys)).toThrowError(refusal('key_retired'));
    expect(verifyCheckpoint(note(8, old, young), keys).size).toBe(8);
  });

  test('a compromised key alone proves nothing of any size', () => {
    const keys = keysOf(file([old, compromised], [young]));
    for (const size of [1, 7, 8]) {
      expect(() => verifyCheckpoint(note(size, old), keys)).toThrowError(refusal('key_compromised'));
      expect(verifyCheckpoint(note(size, old, young), keys).size).toBe(size);
    }
  });
});

test('every form of receipt says who signed, and is refused once that key is compromised', async () => {
  const { log, forms } = await sampleForms(sampleOrigin, [{}, {}]);
  const signer = { verifierKey: log.verifierKey };
  const read = (mark?: KeyMark) =>
    parseVerifierKeys(file(mark === undefined ? [signer] : [signer, mark], [young]), {
      withCompromised: true,
    });
  for (const form of ['receipt', 'tlogProof', 'cose'] as const) {
    const bytes = forms[1]![form];
    const verdict = verifyAnyReceipt(bytes, read());
    expect(verdict.verdict === 'valid' && verdict.checkpoint.signedBy).toHaveLength(1);
    expect(verifyAnyReceipt(bytes, read({ state: 'compromised', trustedToSize: log.size }))).toMatchObject({
      code: 'key_compromised',
    });
    expect(verifyAnyReceipt(bytes, read({ state: 'retired', toSize: log.size }))).toMatchObject({
      verdict: 'valid',
    });
    expect(verifyAnyReceipt(bytes, read({ state: 'retired', toSize: log.size - 1 }))).toMatchObject({
      code: 'key_retired',
    });
  }
});
