/** Who may come: bearer tokens, and the making and revoking of keys. */
import { SekishoError, type LedgerEntry } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../base/random.ts';
import { KeyDirectory, type ApiKeyStore } from '../domains/identity/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import { Authenticate } from './authenticate.ts';
import { ManageApiKeys } from './manage-api-keys.ts';
import { ADMIN_KEY, chatRoad, FakeServer, fixedClock } from './testing/chat-road.ts';

const owner = { tenant: 'city', workspace: 'welfare', label: 'api' };
const by = 'operator:admin';

function cell() {
  const { inForce } = chatRoad({ one: new FakeServer(() => Promise.reject(new Error('not asked'))) });
  const steps: string[] = [];
  const state: { fails?: 'record' | 'store' | undefined } = {};
  const step = (name: string, kind: typeof state.fails): void => {
    if (state.fails === kind)
      throw new SekishoError(kind === 'record' ? 'ledger_unavailable' : 'database_unavailable');
    steps.push(name);
  };
  const directory = new KeyDirectory([], ADMIN_KEY);
  const store: ApiKeyStore = {
    all: async () => [],
    insert: async () => step('insert', 'store'),
    revoke: async (keyId, revokedAt) => {
      step('revoke', 'store');
      const known = directory.get(keyId);
      return known && { ...known, revokedAt };
    },
  };
  const ledger = {
    append: async (_log: string, entry: LedgerEntry) => {
      step(entry.kind, 'record');
      return { index: 0, leafHash: Buffer.alloc(32) };
    },
  } as unknown as Ledger;
  const keys = new ManageApiKeys(store, directory, ledger, inForce, fixedClock, systemRandom());
  return { keys, steps, state, authenticate: new Authenticate(directory) };
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (cause) {
    return cause instanceof SekishoError ? cause.code : String(cause);
  }
}

describe('a bearer token (RFC 6750 section 2.1)', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])('is read under %j', (scheme) => {
    const header = `${scheme} ${ADMIN_KEY}`;
    expect(cell().authenticate.operator(header).name).toBe(by);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    ADMIN_KEY,
    `Basic ${ADMIN_KEY}`,
    `Bearer ${ADMIN_KEY} more`,
    ` Bearer ${ADMIN_KEY}`,
    `Bearer\t${ADMIN_KEY}`,
  ])('is not read from %j', (header) => {
    expect(codeOf(() => cell().authenticate.bearer(header))).toBe('authentication_required');
  });

  it('of a workspace is not the operator’s', async () => {
    const { keys, authenticate } = cell();
    const { secret } = await keys.create(owner, by);
    expect(authenticate.bearer(`Bearer ${secret}`)).toMatchObject({ tenant: 'city', workspace: 'welfare' });
    expect(codeOf(() => authenticate.operator(`Bearer ${secret}`))).toBe('not_permitted');
    expect(codeOf(() => authenticate.bearer('Bearer wrong'))).toBe('invalid_api_key');
  });
});

describe('a key', () => {
  it('is in the ledger before it is anywhere else, when made and when revoked', async () => {
    const { keys, steps, authenticate } = cell();
    const { key, secret } = await keys.create(owner, by);
    expect(authenticate.bearer(`Bearer ${secret}`).name).toBe(`key:${key.keyId}`);
    await keys.revoke(key.keyId, by);
    expect(steps).toEqual(['key-created', 'insert', 'key-revoked', 'revoke']);
    expect(codeOf(() => authenticate.bearer(`Bearer ${secret}`))).toBe('invalid_api_key');
  });

  it.each(['record', 'store'] as const)('does not exist when it could not be made: %s', async (fails) => {
    const { keys, state } = cell();
    state.fails = fails;
    await expect(keys.create(owner, by)).rejects.toBeInstanceOf(SekishoError);
    expect(keys.list()).toEqual([]);
  });

  it.each(['record', 'store'] as const)('can be revoked again when that failed: %s', async (fails) => {
    const { keys, state, authenticate } = cell();
    const { key, secret } = await keys.create(owner, by);
    state.fails = fails;
    await expect(keys.revoke(key.keyId, by)).rejects.toBeInstanceOf(SekishoError);
    state.fails = undefined;
    expect(await keys.revoke(key.keyId, by)).toHaveProperty('revokedAt');
    expect(codeOf(() => authenticate.bearer(`Bearer ${secret}`))).toBe('invalid_api_key');
  });

  it('is revoked once, and asking again changes and records nothing', async () => {
    const { keys, steps } = cell();
    const { key } = await keys.create(owner, by);
    const first = await keys.revoke(key.keyId, by);
    expect(await keys.revoke(key.keyId, by)).toEqual(first);
    expect(steps.filter((step) => step === 'key-revoked')).toHaveLength(1);
  });

  it('is not made for a workspace that does not exist, nor revoked when unknown', async () => {
    const { keys, steps } = cell();
    await expect(keys.create({ ...owner, workspace: 'gone' }, by)).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(keys.revoke('unknown', by)).rejects.toMatchObject({ code: 'not_found' });
    expect(steps).toEqual([]);
  });
});
