import { randomFillSync } from 'node:crypto';

/** The only source of randomness. Tests inject their own. */
export interface Random {
  /** Cryptographically strong bytes. */
  bytes(length: number): Buffer;
}

const POOL_BYTES = 8192;

/** Draws from the operating system in pages: one system call per 8 KiB, not per id. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  return {
    bytes(length) {
      if (used + length > pool.length) {
        pool = randomFillSync(Buffer.alloc(Math.max(POOL_BYTES, length)));
        used = 0;
      }
      const start = used;
      used += length;
      // A copy, so that no caller keeps the pool alive or sees a neighbour's bytes.
      return Buffer.from(pool.subarray(start, used));
    },
  };
}

/** A number from 0 to below 1, evenly. */
export function randomFraction(random: Random): number {
  return random.bytes(4).readUInt32BE() / 2 ** 32;
}

/** UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then randomness. */
export function uuidV7(nowMs: number, random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
