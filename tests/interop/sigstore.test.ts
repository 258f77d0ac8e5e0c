import { createPublicKey } from 'node:crypto';
import {
  TreeFrontier,
  canonicalJson,
  ed25519NoteSigner,
  inclusionProof,
  leafHash,
  parseVerifierKey,
  signCheckpoint,
} from '@sekisho/proof';
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { describe, expect, test } from 'vitest';

/** A second opinion from the verifier that npm itself uses for provenance. */
describe('sigstore-js verifies our checkpoints and inclusion proofs', () => {
  const signer = ed25519NoteSigner('cell.example.jp/ledger/asahikawa', new Uint8Array(32).fill(1));
  const { keyId, publicKey } = parseVerifierKey(signer.verifierKey);
  const keyHint = Buffer.alloc(4);
  keyHint.writeUInt32BE(keyId);
  const logs = [
    {
      logID: keyHint,
      baseURL: signer.name,
      publicKey: createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
        format: 'jwk',
      }),
      validFor: { start: new Date(0), end: new Date(0) },
    },
  ] as Parameters<typeof verifyCheckpoint>[1];

  const SIZE = 600;
  const entries = Array.from({ length: SIZE }, (_, n) => canonicalJson({ version: 1, n, text: '記録' }));
  const frontier = new TreeFrontier();
  const nodes = new Map<string, Uint8Array>();
  for (const entry of entries) {
    frontier.append(leafHash(entry), (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  }
  const envelope = signCheckpoint({ origin: signer.name, size: SIZE, root: frontier.root() }, signer);

  async function entryOf(
    index: number,
    note = envelope,
  ): Promise<Parameters<typeof verifyMerkleInclusion>[0]> {
    const hashes = await inclusionProof(index, SIZE, async (level, at) => nodes.get(`${level}/${at}`)!);
    return {
      canonicalizedBody: Buffer.from(entries[index]!),
      inclusionProof: {
        logIndex: String(index),
        hashes: hashes.map((hash) => Buffer.from(hash)),
        checkpoint: { envelope: note },
      },
    } as unknown as Parameters<typeof verifyMerkleInclusion>[0];
  }

  test('at every index', async () => {
    const checkpoint = verifyCheckpoint(await entryOf(0), logs);
    expect([checkpoint.origin, checkpoint.logSize]).toEqual([signer.name, BigInt(SIZE)]);
    for (let index = 0; index < SIZE; index++) {
      const entry = await entryOf(index);
      expect(() => verifyMerkleInclusion(entry, checkpoint)).not.toThrow();
    }
  });

  test('and refuses a changed entry, another index, a changed checkpoint', async () => {
    const checkpoint = verifyCheckpoint(await entryOf(0), logs);
    const entry = await entryOf(7);
    entry.canonicalizedBody[3]! ^= 1;
    expect(() => verifyMerkleInclusion(entry, checkpoint)).toThrowError(/does not match/);
    const moved = await entryOf(7);
    moved.inclusionProof.logIndex = '8';
    expect(() => verifyMerkleInclusion(moved, checkpoint)).toThrowError(/does not match/);
    const changed = await entryOf(7, envelope.replace(`\n${SIZE}\n`, '\n601\n'));
    expect(() => verifyCheckpoint(changed, logs)).toThrowError(/invalid checkpoint signature/);
  });
});
