import { parseVerifierKey } from '@sekisho/proof';
import { chmod, copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../../base/random.ts';
import { openSoftwareKeystore } from './index.ts';

const NORTH = 'cell.example/ledger/north';
const SOUTH = 'cell.example/ledger/south';
const unusable = { code: 'keystore_unusable' };

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
const keyFile = (name: string) => join(home, 'keys', `${encodeURIComponent(name)}.key.json`);

test('finds a key again after a restart, and its signatures verify', async () => {
  const store = await open();
  expect(await store.keysOf(NORTH)).toEqual([]);
  const [made] = await store.findOrCreate(NORTH);
  const [found] = await (await open()).keysOf(NORTH);
  expect(found).toMatchObject({
    verifierKey: made!.verifierKey,
    standing: { state: 'signing', fromSize: 0 },
  });
  const message = Buffer.from('size 1');
  expect(parseVerifierKey(made!.verifierKey).verify(message, found!.signer!.sign(message))).toBe(true);
  expect(parseVerifierKey(made!.verifierKey).name).toBe(NORTH);
});

test('makes one key a name, also when asked twice at once', async () => {
  const store = await open();
  const [first, second, other] = await Promise.all(
    [NORTH, NORTH, SOUTH].map((name) => store.findOrCreate(name)),
  );
  expect(first).toHaveLength(1);
  expect(second).toEqual([expect.objectContaining({ verifierKey: first![0]!.verifierKey })]);
  expect(other![0]!.verifierKey).not.toBe(first![0]!.verifierKey);
  expect((await store.findOrCreate(NORTH))[0]!.verifierKey).toBe(first![0]!.verifierKey);
});

test('files are for their owner only', async () => {
  await (await open()).findOrCreate(NORTH);
  const files = (await readdir(join(home, 'keys'))).map((name) => join(home, 'keys', name));
  expect(files).toHaveLength(2);
  for (const file of [...files, join(home, 'passphrase')])
    expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('refuses another passphrase, and none', async () => {
  await (await open()).findOrCreate(NORTH);
  await writeFile(join(home, 'passphrase'), 'another passphrase\n');
  await expect((await open()).keysOf(NORTH)).rejects.toMatchObject(unusable);
  await expect((await open()).findOrCreate(NORTH)).rejects.toMatchObject(unusable);
  await rm(join(home, 'passphrase'));
  await expect(open()).rejects.toMatchObject(unusable);
});

test('takes a passphrase that was there first, but not one that everybody can read', async () => {
  await writeFile(join(home, 'passphrase'), 'chosen by an operator\n', { mode: 0o600 });
  const [made] = await (await open()).findOrCreate(NORTH);
  expect((await (await open()).keysOf(NORTH))[0]!.verifierKey).toBe(made!.verifierKey);
  await chmod(join(home, 'passphrase'), 0o644);
  await expect(open()).rejects.toMatchObject(unusable);
});

test('refuses a key file under another name', async () => {
  const store = await open();
  await store.findOrCreate(NORTH);
  await copyFile(keyFile(NORTH), keyFile(SOUTH));
  await expect(store.keysOf(SOUTH)).rejects.toMatchObject(unusable);
});

test('refuses every changed byte of what is sealed, and what is not a key file', async () => {
  const store = await open();
  await store.findOrCreate(NORTH);
  const text = await readFile(keyFile(NORTH), 'utf8');
  const file: { nonce: string; sealed: string } = JSON.parse(text);
  for (const field of ['nonce', 'sealed'] as const) {
    const bytes = Buffer.from(file[field], 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await writeFile(keyFile(NORTH), JSON.stringify({ ...file, [field]: changed.toString('base64') }));
      await expect(store.keysOf(NORTH)).rejects.toMatchObject(unusable);
    }
  }
  for (const bad of ['', '{}', text.slice(0, -10), JSON.stringify({ ...file, sealed: '' })]) {
    await writeFile(keyFile(NORTH), bad);
    await expect(store.keysOf(NORTH)).rejects.toMatchObject(unusable);
  }
  await writeFile(keyFile(NORTH), text);
  expect(await store.keysOf(NORTH)).toHaveLength(1);
});

test('refuses a derivation that would exhaust the machine', async () => {
  await open();
  const path = join(home, 'keys', 'keystore.json');
  const file = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...file, cost: 30 }));
  await expect(open()).rejects.toMatchObject(unusable);
});

test('a key file shows neither the key nor the passphrase', async () => {
  const seed = Buffer.alloc(32, 0xa5);
  const store = await openSoftwareKeystore({
    folder: join(home, 'keys'),
    passphraseFile: join(home, 'passphrase'),
    random: { bytes: (length) => Buffer.alloc(length, 0xa5) },
    scryptCost: 10,
  });
  await store.findOrCreate(NORTH);
  const { sealed }: { sealed: string } = JSON.parse(await readFile(keyFile(NORTH), 'utf8'));
  expect(Buffer.from(sealed, 'base64').includes(seed.subarray(0, 4))).toBe(false);
});

test('two processes that make the first key of a name at once get the same one', async () => {
  // The keystore itself comes from whoever starts first.
  await open();
  for (const name of ['a', 'b', 'c', 'd', 'e'].map((log) => `cell.example/ledger/${log}`)) {
    const stores = await Promise.all([open(), open(), open()]);
    const made = await Promise.all(stores.map((store) => store.findOrCreate(name)));
    const keys = made.map(([key]) => key?.verifierKey);
    expect(new Set([...keys, (await (await open()).keysOf(name))[0]?.verifierKey]).size).toBe(1);
  }
  const introduced = await Promise.all(
    (await Promise.all([open(), open()])).map((store) => store.add(NORTH, { state: 'pending', lookFrom: 1 })),
  );
  expect(new Set(introduced.map(({ verifierKey }) => verifierKey)).size).toBe(2);
  expect(await (await open()).keysOf(NORTH)).toHaveLength(2);
});
