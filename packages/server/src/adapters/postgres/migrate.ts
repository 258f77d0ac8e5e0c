import { type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { SekishoError } from '@sekisho/contract';
import { migrations } from './migrations/index.ts';
import type { Tables } from './tables.ts';

/**
 * Brings the schema forward. All pending migrations run in one transaction under an advisory lock
 * (Kysely's PostgresAdapter), so replicas that start together take turns and a crash leaves the
 * schema as it was. A database that a newer version has migrated is refused, unchanged.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  await refuseNewer(db);
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Another replica of a newer version may have come in between: say that rather than "corrupted".
  await refuseNewer(db);
  throw new SekishoError(
    'database_unavailable',
    { ja: 'スキーマの更新に失敗しました。', en: 'Migrating the schema failed.' },
    { cause: error },
  );
}

async function refuseNewer(db: Kysely<Tables>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return;
  const done = await db.selectFrom('kysely_migration').select('name').orderBy('name').execute();
  const unknown = done.find(({ name }) => !(name in migrations));
  if (unknown === undefined) return;
  throw new SekishoError('database_unavailable', {
    ja: `より新しいSekishoが使ったデータベースです (${unknown.name})。Sekishoを更新してください。何も変更していません。`,
    en: `A newer Sekisho has used this database (${unknown.name}). Update Sekisho. Nothing was changed.`,
  });
}
