import { createPublicKey } from 'node:crypto';
import { parseVerifierKey } from '@sekisho/proof';
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { expect, test } from 'vitest';
import { sampleForms, sampleOrigin } from '../../packages/proof/src/testing/sample-log.ts';

type LogEntry = Parameters<typeof verifyMerkleInclusion>[0];
type Logs = Parameters<typeof verifyCheckpoint>[1];

/** A second opinion on the tlog-proof form: its lines as the specification has them, judged by sigstore-js. */
test('sigstore-js verifies the lines of our tlog-proofs, and refuses another statement or index', async () => {
  const { log, forms } = await sampleForms(sampleOrigin, [{}, {}, {}]);
  const { keyId, publicKey } = parseVerifierKey(log.verifierKey);
  const logID = Buffer.alloc(4);
  logID.writeUInt32BE(keyId);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') };
  const logs = [
    {
      logID,
      baseURL: log.origin,
      publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
      validFor: { start: new Date(0), end: new Date(0) },
    },
  ] as Logs;

  for (const { tlogProof } of forms) {
    const [proof, ...checkpoint] = Buffer.from(tlogProof).toString('utf8').split('\n\n');
    const [header, extra, index, ...hashes] = proof!.split('\n');
    expect(header).toBe('c2sp.org/tlog-proof@v1');
    const entryOf = (leaf: Buffer, at: number): LogEntry =>
      ({
        canonicalizedBody: leaf,
        inclusionProof: {
          logIndex: String(at),
          hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
          checkpoint: { envelope: checkpoint.join('\n\n') },
        },
      }) as unknown as LogEntry;
    const leaf = Buffer.from(extra!.replace(/^extra /, ''), 'base64');
    const at = Number(index!.replace(/^index /, ''));
    const entry = entryOf(leaf, at);
    const signed = verifyCheckpoint(entry, logs);
    expect(() => verifyMerkleInclusion(entry, signed)).not.toThrow();
    expect(() => verifyMerkleInclusion(entryOf(Buffer.concat([leaf, Buffer.from(' ')]), at), signed)).toThrow(
      /does not match/,
    );
    expect(() => verifyMerkleInclusion(entryOf(leaf, at - 1), signed)).toThrow();
  }
});
