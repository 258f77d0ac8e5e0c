import { randomBytes } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Platform } from '@sekisho/contract';
import { postgresApiKeyStore } from './api-key-store.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { postgresPlatformStore } from './platform-store.ts';
import type { Tables } from './tables.ts';
import { indexOf, sinkOf } from './testing/crossing-projection.ts';
import { intentEntry, newCrossing, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { serverKinds, untilWaiting, type TestServer } from './testing/test-server.ts';
import { postgresUsageTable } from './usage-table.ts';

const platform = (name = '東京'): Platform => ({
  apiVersion: 'sekisho/v1',
  operator: { name: 'Operator', country: 'JP' },
  sites: [
    {
      id: 'tokyo',
      name: { ja: name, en: 'Tokyo' },
      place: '131016',
      operator: { name: 'Operator', country: 'JP' },
      certifications: [],
      attestation: [],
    },
  ],
  endpoints: [],
  tenants: [],
  prices: [{ model: 'm', inputYenPerMillionTokens: '0.25', outputYenPerMillionTokens: '15' }],
});
const revision = (baseRevision: number, document = platform()) => ({
  baseRevision,
  platform: document,
  digest: `sha256:${'0'.repeat(64)}`,
  appliedAt: '2026-04-01T00:00:00.123Z',
  appliedBy: 'operator',
});

describe.each(serverKinds)('on $name PostgreSQL', (kind) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await kind.start();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);

  describe('the platform store', () => {
    let db: Kysely<Tables>;
    beforeAll(async () => {
      db = await server.freshDatabase();
    });

    test('counts revisions from 1 and gives back what it was given', async () => {
      const store = postgresPlatformStore(db);
      expect(await store.current()).toBeUndefined();
      const first = await store.insert(revision(0));
      expect(first).toEqual({
        revision: {
          revision: 1,
          digest: revision(0).digest,
          appliedAt: '2026-04-01T00:00:00.123Z',
          appliedBy: 'operator',
        },
        platform: platform(),
      });
      await store.insert(revision(1, platform('関所')));
      expect((await store.current())?.platform).toEqual(platform('関所'));
      expect((await store.history()).map((entry) => entry.revision)).toEqual([2, 1]);
    });

    test.each([0, 1, 3])('refuses a base of %i when 2 is the newest', async (base) => {
      await expect(postgresPlatformStore(db).insert(revision(base))).rejects.toMatchObject({
        code: 'revision_conflict',
      });
      expect(await postgresPlatformStore(db).history()).toHaveLength(2);
    });

    test('of eight that race one wins', async () => {
      const store = postgresPlatformStore(db);
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => store.insert(revision(2))));
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results.filter((one) => one.status === 'rejected')) {
        expect(result.reason).toMatchObject({ code: 'revision_conflict' });
      }
    });

    test('an insert that waits for a racing one loses when that commits', async () => {
      const racing = await server.freshDatabase();
      let late: Promise<unknown> | undefined;
      await racing.transaction().execute(async (transaction) => {
        await postgresPlatformStore(transaction).insert(revision(0));
        late = postgresPlatformStore(racing)
          .insert(revision(0))
          .catch((error: unknown) => error);
        await untilWaiting(racing, 1);
      });
      expect(await late).toMatchObject({ code: 'revision_conflict' });
      expect(await postgresPlatformStore(racing).history()).toHaveLength(1);
    });

    test.each(['\0', '\ud800'])('refuses a text that a database cannot hold', async (text) => {
      await expect(postgresPlatformStore(db).insert(revision(3, platform(text)))).rejects.toMatchObject({
        code: 'platform_invalid',
      });
    });

    test('does not trust a stored document', async () => {
      await sql`update platform_revision set document = '{"apiVersion":"sekisho/v9"}'`.execute(db);
      await expect(postgresPlatformStore(db).current()).rejects.toThrow();
    });
  });

  describe('the key store', () => {
    let db: Kysely<Tables>;
    beforeAll(async () => {
      db = await server.freshDatabase();
    });
    const key = (keyId: string, label = 'api') => ({
      summary: { keyId, tenant: 't', workspace: 'w', label, createdAt: '2026-04-01T00:00:00.001Z' },
      secretSha256: randomBytes(32),
    });

    test('keeps keys and revokes each once', async () => {
      const store = postgresApiKeyStore(db);
      const [a, b] = [key('a', '窓口'), key('b')];
      await store.insert(b);
      await store.insert(a);
      expect(await store.all()).toEqual([a, b]);
      const revoked = { ...a.summary, revokedAt: '2026-04-02T00:00:00.000Z' };
      expect(await store.revoke('a', '2026-04-02T00:00:00.000Z')).toEqual(revoked);
      expect(await store.revoke('a', '2026-05-01T00:00:00.000Z')).toEqual(revoked);
      expect(await store.all()).toEqual([{ ...a, summary: revoked }, b]);
    });

    test('knows no other key, takes no id or secret twice, no text with U+0000', async () => {
      const store = postgresApiKeyStore(db);
      const stored = await store.all();
      expect(await store.revoke('z', '2026-04-02T00:00:00.000Z')).toBeUndefined();
      expect(await store.revoke('a\0', '2026-04-02T00:00:00.000Z')).toBeUndefined();
      await expect(store.insert(key('a'))).rejects.toThrow();
      await expect(store.insert({ ...key('c'), secretSha256: stored[0]!.secretSha256 })).rejects.toThrow();
      await expect(store.insert(key('d', 'a\0b'))).rejects.toMatchObject({ code: 'invalid_request' });
      expect(await store.all()).toEqual(stored);
    });
  });

  describe('the crossing index', () => {
    let db: Kysely<Tables>;
    const ids = Array.from({ length: 9 }, (_, at) =>
      newCrossing(Date.parse('2026-04-01T00:00:00.000Z') + at),
    );
    beforeAll(async () => {
      db = await server.freshDatabase();
      const intents = ids.map((crossing, at) =>
        intentEntry({ crossing, tenant: at % 2 === 0 ? 'even' : 'odd', workspace: at < 4 ? 'desk' : 'tax' }),
      );
      const outcomes = intents
        .slice(0, 6)
        .map((intent, at) => outcomeEntry(intent, at, { result: at === 2 ? 'denied' : 'completed' }));
      const log = [...intents, ...outcomes].map((entry, at) => settled('t', at, entry));
      await sinkOf(db).accept(log);
    });
    test('names the open ones before an index of their log, oldest first', async () => {
      const open = async (limit: number, ends: Record<string, number>) =>
        (await indexOf(db).withoutOutcome(limit, new Map(Object.entries(ends)))).map(({ crossing }) =>
          ids.indexOf(crossing),
        );
      expect(await open(2, { even: 9, odd: 9 })).toEqual([6, 7]);
      expect(await open(9, { even: 8, odd: 9 })).toEqual([6, 7]);
      expect(await open(9, { odd: 9 })).toEqual([7]);
    });
    test('an id that is none is not found', async () => {
      expect(await indexOf(db).find("'; drop table crossing")).toBeUndefined();
      expect(await indexOf(db).find(newCrossing())).toBeUndefined();
    });
  });

  describe('the usage table', () => {
    test('is ordered and filtered by its four keys', async () => {
      const db = await server.freshDatabase();
      const times = ['2026-03-31T14:59:59.999Z', '2026-03-31T15:00:00.000Z', '2026-04-01T15:00:00.000Z'];
      const entries = times.flatMap((time) =>
        ['b', 'B'].map((subject, at) =>
          outcomeEntry(intentEntry({ time, subject, crossing: newCrossing() }), at),
        ),
      );
      await sinkOf(db).accept(entries.map((entry, at) => settled('t', at, entry)));
      const keys = async (query: object) =>
        (await postgresUsageTable(db).rows(query)).map(({ model, day }) => `${model} ${day}`);
      expect(await keys({ model: 'B' })).toEqual(['B 2026-03-31', 'B 2026-04-01', 'B 2026-04-02']);
      expect(await keys({ from: '2026-04-01', to: '2026-04-01' })).toEqual(['B 2026-04-01', 'b 2026-04-01']);
      expect(await keys({ tenant: 'nobody' })).toEqual([]);
    });
  });

  describe('migrations', () => {
    test('are idempotent, also when replicas start together', async () => {
      const db = await server.freshDatabase();
      await Promise.all([migrate(db), migrate(db), migrate(db)]);
      const done = await db.selectFrom('kysely_migration').select('name').orderBy('name').execute();
      expect(done.map(({ name }) => name)).toEqual(Object.keys(migrations));
    });

    test('refuse a database that a newer version has used', async () => {
      const db = await server.freshDatabase();
      await sql`insert into kysely_migration (name, timestamp) values ('9999-later', 'x')`.execute(db);
      await expect(migrate(db)).rejects.toMatchObject({ code: 'database_unavailable' });
    });
  });
});
