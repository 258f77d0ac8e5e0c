import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SekishoError } from '@sekisho/contract';
import { readConfig } from './config.ts';

const home = mkdtempSync(join(tmpdir(), 'sekisho-config-'));
afterAll(() => rmSync(home, { recursive: true }));

const settings = {
  'ledger-storage': 'shared',
  'database-url': 'postgresql://db.example/cell',
  'keys-folder': '/shared/keys',
  'passphrase-file': '/etc/sekisho/passphrase',
  'ledger-bucket': 'https://s3.example.jp:7480/logs/of/this-cell',
};
const configOf = (given: Readonly<Record<string, string>>) =>
  readConfig(['--home', home, ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])], {})
    .ledger;
const without = (...names: readonly (keyof typeof settings)[]): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !names.some((one) => one === name)));

test('a ledger is kept in the home unless it is shared', () => {
  expect(configOf({})).toEqual({ storage: 'files' });
  expect(configOf(settings)).toEqual({
    storage: 'shared',
    keysFolder: '/shared/keys',
    passphraseFile: '/etc/sekisho/passphrase',
    tiles: {
      endpoint: 'https://s3.example.jp:7480',
      bucket: 'logs',
      prefix: 'of/this-cell/',
      region: 'us-east-1',
      credentialsFile: undefined,
    },
  });
  expect(configOf({ ...without('ledger-bucket'), 'ledger-folder': '/mnt/logs' })).toMatchObject({
    tiles: { folder: '/mnt/logs' },
  });
  expect(configOf({ ...settings, 'ledger-bucket': 'http://127.0.0.1:9000/b/' })).toMatchObject({
    tiles: { endpoint: 'http://127.0.0.1:9000', bucket: 'b', prefix: '' },
  });
});

test.each([
  [without('database-url'), ['database-url']],
  [without('keys-folder', 'passphrase-file'), ['keys-folder', 'passphrase-file']],
  [without('ledger-bucket'), ['ledger-bucket']],
  [{ ...settings, 'ledger-folder': '/mnt/logs' }, ['ledger-bucket']],
  [{ ...settings, 'ledger-bucket': 'https://s3.example.jp' }, ['ledger-bucket']],
  [{ ...settings, 'ledger-bucket': 'https://user:secret@s3.example.jp/b' }, ['ledger-bucket']],
  [{ ...settings, 'ledger-bucket': 'https://s3.example.jp/b?versionId=1' }, ['ledger-bucket']],
  [{ ...settings, 'ledger-bucket': 'ftp://s3.example.jp/b' }, ['ledger-bucket']],
  [{ ...settings, 'ledger-storage': 'both' }, ['ledger-storage']],
])('what does not fit together is named: %#', (given, paths) => {
  try {
    configOf(given);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(SekishoError);
    expect(error).toMatchObject({ code: 'invalid_request' });
    expect((error as SekishoError).faults.map(({ path }) => path)).toEqual(paths);
  }
});
