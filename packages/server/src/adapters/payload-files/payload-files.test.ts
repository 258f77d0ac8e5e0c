import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { uuidV7, systemRandom } from '../../base/random.ts';
import type { PayloadName, PayloadStore } from '../../domains/payloads/index.ts';
import { payloadFiles } from './index.ts';
import { CHUNK_BYTES, LENGTH_BYTES, MAGIC } from './sealed-chunks.ts';

let folder: string;
let store: PayloadStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-payloads-'));
  store = payloadFiles({ folder: join(folder, 'payloads') });
});
afterEach(() => rm(folder, { recursive: true }));

const key = randomBytes(32);
const nameOf = (kind: PayloadName['kind'] = 'request'): PayloadName => ({
  tenant: 'city',
  crossing: uuidV7(Date.UTC(2026, 3, 1), systemRandom()),
  kind,
});

async function keep(name: PayloadName, pieces: readonly Uint8Array[]): Promise<number> {
  const writer = await store.create(name, key);
  for (const piece of pieces) await writer.write(piece);
  return writer.finish();
}

async function read(name: PayloadName, under: Uint8Array = key): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of store.read(name, under)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function onlyFile(): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  expect(files).toHaveLength(1);
  return join(files[0]!.parentPath, files[0]!.name);
}

describe('sealed payload files', () => {
  test('give back what was written, in whatever pieces, and hold none of it in the clear', async () => {
    const lengths = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: -2, max: 2 }).map((off) => CHUNK_BYTES + off),
      fc.integer({ min: -2, max: 2 }).map((off) => 2 * CHUNK_BYTES + off),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(lengths, { maxLength: 4 }), async (pieceLengths) => {
        const name = nameOf('answer');
        const pieces = pieceLengths.map((length) => randomBytes(length));
        const payload = Buffer.concat(pieces);
        expect(await keep(name, pieces)).toBe(payload.length);
        expect((await read(name)).equals(payload)).toBe(true);
      }),
      { numRuns: 40 },
    );
    const name = nameOf();
    await rm(join(folder, 'payloads'), { recursive: true });
    store = payloadFiles({ folder: join(folder, 'payloads') });
    await keep(name, [Buffer.from('住民の相談')]);
    expect((await readFile(await onlyFile())).includes(Buffer.from('住民'))).toBe(false);
  });

  test('open under their own key and name alone', async () => {
    const name = nameOf();
    await keep(name, [Buffer.from('text')]);
    await expect(read(name, randomBytes(32))).rejects.toThrow();
    const file = await onlyFile();
    const other = { ...nameOf(), kind: 'answer' } as const;
    await keep(other, [Buffer.from('x')]);
    for (const path of await readdir(join(folder, 'payloads'), { recursive: true })) {
      if (path.endsWith('.answer')) await writeFile(join(folder, 'payloads', path), await readFile(file));
    }
    await expect(read(other)).rejects.toThrow();
    expect((await read(name)).toString()).toBe('text');
  });

  test('that were changed, cut at a chunk, or put in another order are refused', async () => {
    const name = nameOf();
    await keep(name, [randomBytes(3 * CHUNK_BYTES)]);
    const file = await onlyFile();
    const good = await readFile(file);
    const chunk = LENGTH_BYTES + CHUNK_BYTES + 16;
    const first = good.subarray(MAGIC.length, MAGIC.length + chunk);
    const second = good.subarray(MAGIC.length + chunk, MAGIC.length + 2 * chunk);
    const flipped = Buffer.from(good);
    flipped[good.length - 20]! ^= 1;
    const damages = [
      good.subarray(0, MAGIC.length + 2 * chunk),
      good.subarray(0, good.length - 1),
      good.subarray(0, MAGIC.length),
      Buffer.concat([good.subarray(0, MAGIC.length), second, first, good.subarray(MAGIC.length + 2 * chunk)]),
      Buffer.concat([good.subarray(0, MAGIC.length), good.subarray(MAGIC.length + chunk)]),
      Buffer.concat([good, first]),
      Buffer.concat([Buffer.from('XXXX'), good.subarray(4)]),
      flipped,
    ];
    for (const [at, damage] of damages.entries()) {
      await writeFile(file, damage);
      await expect(read(name), `damage ${at}`).rejects.toThrow();
    }
    await writeFile(file, good);
    expect(await read(name)).toHaveLength(3 * CHUNK_BYTES);
  });

  test('are never written twice under one name: a nonce would come again', async () => {
    const name = nameOf();
    await keep(name, [Buffer.from('one')]);
    await expect(store.create(name, key)).rejects.toThrow('EEXIST');
  });

  test('are removed with their crossing, and removing again, or what never was, is no error', async () => {
    const name = nameOf();
    const stays = nameOf('answer');
    await keep(name, [Buffer.from('one')]);
    await keep({ ...name, kind: 'answer' }, [Buffer.from('two')]);
    await keep(stays, [Buffer.from('three')]);
    await store.remove('city', [name.crossing]);
    await store.remove('city', [name.crossing, nameOf().crossing]);
    await store.remove('nowhere', [name.crossing]);
    expect(await onlyFile()).toContain(stays.crossing);
  });

  test('that no folder can take are refused when they begin', async () => {
    await writeFile(join(folder, 'payloads'), 'in the way');
    await expect(store.create(nameOf(), key)).rejects.toThrow();
  });
});
