import { createCipheriv, scryptSync } from 'node:crypto';
import { ed25519NoteSigner } from '@sekisho/proof';
import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../../base/random.ts';
import type { KeyStanding } from '../../domains/ledger/index.ts';
import { openSoftwareKeystore } from './index.ts';

const NORTH = 'cell.example/ledger/north';
const unusable = { code: 'keystore_unusable' };
const pending: KeyStanding = { state: 'pending', lookFrom: 7 };

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sekisho-keys-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const open = () =>
  openSoftwareKeystore({
    folder: join(home, 'keys'),
    passphraseFile: join(home, 'passphrase'),
    random: systemRandom(),
    scryptCost: 10,
  });
const fileOf = (number: number, name = NORTH) =>
  join(home, 'keys', `${encodeURIComponent(name)}${number === 0 ? '' : `+${number}`}.key.json`);
const standings = async () => (await (await open()).keysOf(NORTH)).map(({ standing }) => standing);

test('keeps several keys of a name in the order of their making, each with its standing', async () => {
  const store = await open();
  const [first] = await store.findOrCreate(NORTH);
  const made = [await store.add(NORTH, pending), await store.add(NORTH, { state: 'signing', fromSize: 9 })];
  const found = await (await open()).keysOf(NORTH);
  expect(found.map(({ verifierKey }) => verifierKey)).toEqual(
    [first!, ...made].map(({ verifierKey }) => verifierKey),
  );
  expect(new Set(found.map(({ verifierKey }) => verifierKey)).size).toBe(3);
  expect(await standings()).toEqual([
    { state: 'signing', fromSize: 0 },
    pending,
    { state: 'signing', fromSize: 9 },
  ]);
  expect((await stat(fileOf(2))).mode & 0o777).toBe(0o600);
});

test('eleven keys are still in order, and another name has none of them', async () => {
  const store = await open();
  await store.findOrCreate(NORTH);
  const made: string[] = [];
  for (let key = 0; key < 11; key++) made.push((await store.add(NORTH, pending)).verifierKey);
  expect((await store.keysOf(NORTH)).slice(1).map(({ verifierKey }) => verifierKey)).toEqual(made);
  expect(await store.keysOf(`${NORTH}-east`)).toEqual([]);
  expect(await store.keysOf(NORTH.slice(0, -1))).toEqual([]);
});

test('changes a standing, and destroys what signs when a key ends', async () => {
  const store = await open();
  const [first] = await store.findOrCreate(NORTH);
  const sealedBefore = (JSON.parse(await readFile(fileOf(0), 'utf8')) as { sealed: string }).sealed;
  const marked: KeyStanding = { state: 'signing', fromSize: 0, lookFrom: 4 };
  await store.setStanding(NORTH, first!.verifierKey, marked);
  expect((await (await open()).keysOf(NORTH))[0]).toMatchObject({
    standing: marked,
    signer: expect.anything() as unknown,
  });

  const retired: KeyStanding = { state: 'retired', fromSize: 0, toSize: 5 };
  await store.setStanding(NORTH, first!.verifierKey, retired);
  const [ended] = await (await open()).keysOf(NORTH);
  expect(ended).toMatchObject({ verifierKey: first!.verifierKey, standing: retired });
  expect(ended!.signer).toBeUndefined();
  const { sealed } = JSON.parse(await readFile(fileOf(0), 'utf8')) as { sealed: string };
  expect([Buffer.from(sealedBefore, 'base64').length, Buffer.from(sealed, 'base64').length]).toEqual([
    48, 16,
  ]);
  // The leftover of a replacement is none.
  expect(await readdir(join(home, 'keys'))).not.toContainEqual(expect.stringMatching(/next/));

  const lost: KeyStanding = { state: 'compromised', fromSize: 0, toSize: 5, trustedToSize: 3 };
  await store.setStanding(NORTH, first!.verifierKey, lost);
  expect(await standings()).toEqual([lost]);
  await expect(
    store.setStanding(NORTH, first!.verifierKey, { state: 'signing', fromSize: 0 }),
  ).rejects.toMatchObject(unusable);
  await expect(store.setStanding(NORTH, 'nobody', lost)).rejects.toMatchObject({ code: 'not_found' });
  // It is not made anew either.
  expect(await store.findOrCreate(NORTH)).toHaveLength(1);
});

test('refuses a file in which any word was changed, and one in the place of another', async () => {
  const store = await open();
  const [first] = await store.findOrCreate(NORTH);
  const second = await store.add(NORTH, { state: 'signing', fromSize: 5 });
  await store.setStanding(NORTH, first!.verifierKey, { state: 'retired', fromSize: 0, toSize: 5 });
  for (const number of [0, 1]) {
    const text = await readFile(fileOf(number), 'utf8');
    const file = JSON.parse(text) as Record<string, unknown>;
    for (const change of [
      { standing: { state: 'signing', fromSize: 0 } },
      { standing: { state: 'retired', fromSize: 0, toSize: 50 } },
      { standing: { state: 'signing', fromSize: 5, more: 1 } },
      { standing: undefined },
      { verifierKey: number === 0 ? second.verifierKey : first!.verifierKey },
      { number: 2 },
      { name: 'cell.example/ledger/south' },
      { format: 'sekisho-key/v1' },
    ]) {
      await writeFile(fileOf(number), JSON.stringify({ ...file, ...change }));
      await expect(store.keysOf(NORTH), JSON.stringify(change)).rejects.toMatchObject(unusable);
    }
    await writeFile(fileOf(number), text);
  }
  await copyFile(fileOf(1), fileOf(2));
  await expect(store.keysOf(NORTH)).rejects.toMatchObject(unusable);
});

test('takes up a key file of the first form, and only as the first key', async () => {
  const store = await open();
  const seed = Buffer.alloc(32, 5);
  const derivation = JSON.parse(await readFile(join(home, 'keys', 'keystore.json'), 'utf8')) as {
    salt: string;
  };
  const passphrase = (await readFile(join(home, 'passphrase'), 'utf8')).trim();
  const sealing = scryptSync(passphrase, Buffer.from(derivation.salt, 'base64'), 32, { N: 1024, r: 8, p: 1 });
  const nonce = Buffer.alloc(12, 1);
  const cipher = createCipheriv('aes-256-gcm', sealing, nonce);
  cipher.setAAD(Buffer.from(`sekisho-key/v1\n${NORTH}`));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  const file = {
    format: 'sekisho-key/v1',
    name: NORTH,
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  };
  await writeFile(fileOf(0), JSON.stringify(file), { mode: 0o600 });
  const { verifierKey } = ed25519NoteSigner(NORTH, seed);
  expect(await store.findOrCreate(NORTH)).toMatchObject([
    { verifierKey, standing: { state: 'signing', fromSize: 0 } },
  ]);
  await store.setStanding(NORTH, verifierKey, { state: 'signing', fromSize: 0, lookFrom: 3 });
  expect(JSON.parse(await readFile(fileOf(0), 'utf8'))).toMatchObject({
    format: 'sekisho-key/v2',
    verifierKey,
  });
  expect((await store.keysOf(NORTH))[0]!.signer?.verifierKey).toBe(verifierKey);
  await writeFile(fileOf(1), JSON.stringify(file), { mode: 0o600 });
  await expect(store.keysOf(NORTH)).rejects.toMatchObject(unusable);
});
