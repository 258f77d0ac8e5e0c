import type { Kysely } from 'kysely';
import { z } from 'zod';
import { ApiKeySummary, SekishoError } from '@sekisho/contract';
import type { ApiKeyStore } from '../../domains/identity/ports.ts';
import { Moment, sqlState } from './connection.ts';
import type { Tables } from './tables.ts';

const SummaryRow = z
  .object({
    key_id: z.string(),
    tenant: z.string(),
    workspace: z.string(),
    label: z.string(),
    created_at: Moment,
    revoked_at: Moment.nullable(),
  })
  .transform((row) =>
    ApiKeySummary.parse({
      keyId: row.key_id,
      tenant: row.tenant,
      workspace: row.workspace,
      label: row.label,
      createdAt: row.created_at,
      ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    }),
  );
const SecretRow = z.object({ secret_sha256: z.instanceof(Buffer).refine((digest) => digest.length === 32) });

const summaryColumns = ['key_id', 'tenant', 'workspace', 'label', 'created_at', 'revoked_at'] as const;
const CHARACTER_NOT_IN_REPERTOIRE = '22021';

export function postgresApiKeyStore(db: Kysely<Tables>): ApiKeyStore {
  return {
    async all() {
      const rows = await db.selectFrom('api_key').selectAll().orderBy('key_id').execute();
      return rows.map((row) => ({
        summary: SummaryRow.parse(row),
        secretSha256: SecretRow.parse(row).secret_sha256,
      }));
    },

    async insert({ summary, secretSha256 }) {
      try {
        await db
          .insertInto('api_key')
          .values({
            key_id: summary.keyId,
            tenant: summary.tenant,
            workspace: summary.workspace,
            label: summary.label,
            secret_sha256: secretSha256,
            created_at: new Date(summary.createdAt),
            revoked_at: summary.revokedAt === undefined ? null : new Date(summary.revokedAt),
          })
          .execute();
      } catch (error) {
        if (sqlState(error) !== CHARACTER_NOT_IN_REPERTOIRE) throw error;
        const detail = { ja: 'label に使えない文字があります', en: 'label holds U+0000' };
        throw new SekishoError('invalid_request', detail, { cause: error });
      }
    },

    async revoke(keyId, revokedAt) {
      if (keyId.includes('\0')) return undefined;
      // coalesce: a key stays revoked since the first time.
      const row = await db
        .updateTable('api_key')
        .set((update) => ({
          revoked_at: update.fn.coalesce('revoked_at', update.val(new Date(revokedAt))),
        }))
        .where('key_id', '=', keyId)
        .returning(summaryColumns)
        .executeTakeFirst();
      return row === undefined ? undefined : SummaryRow.parse(row);
    },
  };
}
