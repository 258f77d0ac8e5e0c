/** ML-DSA-44 of the library that the proof package uses, against OpenSSL's in Node. */
import { createPublicKey, verify } from 'node:crypto';
import {
  formatCheckpoint,
  mlDsa44CosignedMessage,
  parseNote,
  parseTimedSignature,
  parseVerifierKey,
  cosignerOf,
  utf8,
} from '@sekisho/proof';
import { expect, test } from 'vitest';

/** SubjectPublicKeyInfo header of id-ml-dsa-44 (RFC 9881) before the 1312 bytes of the key. */
const SPKI_PREFIX = Buffer.from('30820532300b06096086480165030403110382052100', 'hex');

test('OpenSSL accepts our cosignature over the message of the specification, and no other', () => {
  const body = formatCheckpoint({ origin: 'cell.example/ledger/cell', size: 19, root: new Uint8Array(32) });
  const cosigner = cosignerOf('witness.example', 'ml-dsa-44', new Uint8Array(32).fill(7));
  const { publicKey } = parseVerifierKey(cosigner.verifierKey);
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, publicKey]),
    format: 'der',
    type: 'spki',
  });
  const [line] = parseNote(`${body}\n${cosigner.cosign(body, 1_775_000_000)}`).signatures;
  const { signature, timeSeconds } = parseTimedSignature(line!.signature)!;
  const message = mlDsa44CosignedMessage('witness.example', utf8(body), timeSeconds)!;
  expect(key.asymmetricKeyType).toBe('ml-dsa-44');
  expect(verify(null, message, key, signature)).toBe(true);
  const later = mlDsa44CosignedMessage('witness.example', utf8(body), timeSeconds + 1)!;
  expect(verify(null, later, key, signature)).toBe(false);
});
