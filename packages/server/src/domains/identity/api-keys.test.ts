import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../base/random.ts';
import { KeyDirectory, mintAdminKey, mintApiKey } from './index.ts';

const random = systemRandom();
const owner = { tenant: 'city', workspace: 'welfare', label: 'api' };
const time = '2026-04-01T00:00:00.000Z';
const { text, stored } = mintApiKey(random, owner, time);
const adminKey = mintAdminKey(random);
const holder = {
  kind: 'workspace-key',
  name: `key:${stored.summary.keyId}`,
  tenant: 'city',
  workspace: 'welfare',
};

describe('a new key', () => {
  it('says what it is, holds 256 random bits, and is not stored', () => {
    expect(text).toMatch(/^sk-sekisho-[0-9a-f]{12}-[A-Za-z0-9_-]{43}$/);
    expect(text).toContain(stored.summary.keyId);
    expect(stored.secretSha256).toHaveLength(32);
    expect(JSON.stringify(stored)).not.toContain(text.slice(-43));
  });

  it('is never the same twice', () => {
    const texts = Array.from({ length: 1_000 }, () => mintApiKey(random, owner, time));
    expect(new Set(texts.map((key) => key.text)).size).toBe(1_000);
    expect(new Set(texts.map((key) => key.stored.summary.keyId)).size).toBe(1_000);
    expect(mintAdminKey(random)).not.toBe(adminKey);
  });
});

describe('the directory of keys', () => {
  const directory = (): KeyDirectory => new KeyDirectory([stored], adminKey);

  it('knows each key’s holder, and the operator', () => {
    expect(directory().authenticate(text)).toEqual(holder);
    expect(directory().authenticate(adminKey)).toEqual({ kind: 'operator', name: 'operator:admin' });
  });

  it.each([
    ['nothing', ''],
    ['another key', mintApiKey(random, owner, time).text],
    ['the key cut short', text.slice(0, -1)],
    ['the key and more', `${text}x`],
    ['the key in capitals', text.toUpperCase()],
    ['the key with a space', ` ${text}`],
    ['another secret under the same id', `${text.slice(0, -43)}${'A'.repeat(43)}`],
    ['the stored digest', stored.secretSha256.toString('base64')],
    ['something long', 'x'.repeat(10_000_000)],
  ])('does not know %s', (_name, wrong) => {
    expect(directory().authenticate(wrong)).toBeUndefined();
  });

  it('refuses a revoked key from then on, remembers it, and keeps the others', () => {
    const other = mintApiKey(random, owner, time);
    const keys = directory();
    keys.put(other.stored);
    keys.markRevoked({ ...stored.summary, revokedAt: time });
    expect(keys.authenticate(text)).toBeUndefined();
    expect(keys.authenticate(other.text)).toBeDefined();
    expect(keys.get(stored.summary.keyId)).toMatchObject({ revokedAt: time });
    expect(keys.list()).toHaveLength(2);
  });

  it('refuses a key that was revoked before it started', () => {
    const revoked = { ...stored, summary: { ...stored.summary, revokedAt: time } };
    expect(new KeyDirectory([revoked], adminKey).authenticate(text)).toBeUndefined();
  });

  it('passes over the revocation of a key that it does not have', () => {
    const keys = directory();
    keys.markRevoked({ ...stored.summary, keyId: 'other', revokedAt: time });
    expect(keys.authenticate(text)).toEqual(holder);
    expect(keys.list()).toHaveLength(1);
  });
});
