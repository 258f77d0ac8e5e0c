import { createPublicKey } from 'node:crypto';
import { Sign1 } from '@auth0/cose';
import { parseCoseReceipt, parseVerifierKey } from '@sekisho/proof';
import { describe, expect, test } from 'vitest';
import { sampleForms, sampleOrigin } from '../../packages/proof/src/testing/sample-log.ts';

/** A second opinion on the COSE form of receipts, from a COSE library that knows nothing of ours. */
describe('@auth0/cose verifies our COSE receipts', async () => {
  const { log, forms } = await sampleForms(sampleOrigin, [{}, {}]);
  const { cose } = forms[1]!;
  const { publicKey } = parseVerifierKey(log.verifierKey);
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  });

  test('over the root that is computed from statement and proof', async () => {
    const sign1 = Sign1.decode(cose);
    expect(sign1.payload).toBeNull();
    expect(sign1.protectedHeaders.get(395)).toBe(1);
    expect(sign1.algName).toBe('EdDSA');
    await expect(sign1.verify(key, { detachedPayload: log.root })).resolves.toBeUndefined();
  });

  test('and finds the proof and the statement where RFC 9942 and we put them', () => {
    const { unprotectedHeaders } = Sign1.decode(cose);
    const { leaf } = parseCoseReceipt(cose);
    expect(unprotectedHeaders.get(396)).toBeInstanceOf(Map);
    const labels = unprotectedHeaders as unknown as Map<unknown, unknown>;
    expect(Buffer.from(labels.get('sekisho-statement') as Uint8Array)).toEqual(Buffer.from(leaf));
  });

  test('and refuses another root, another key, another header', async () => {
    const other = { detachedPayload: log.root.with(0, log.root[0]! ^ 1) };
    await expect(Sign1.decode(cose).verify(key, other)).rejects.toThrowError();
    const stranger = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32, 5).toString('base64url') },
      format: 'jwk',
    });
    const own = { detachedPayload: log.root };
    await expect(Sign1.decode(cose).verify(stranger, own)).rejects.toThrowError();
    const { head } = parseCoseReceipt(cose);
    const at = Buffer.from(cose).indexOf(Buffer.from(head.protectedHeader)) + head.protectedHeader.length - 1;
    await expect(Sign1.decode(cose.with(at, cose[at]! ^ 1)).verify(key, own)).rejects.toThrowError();
  });
});
