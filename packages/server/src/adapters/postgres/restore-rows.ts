import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { BackedUpOpening, Platform, PrincipalName, Sha256Digest, Slug, Timestamp } from '@sekisho/contract';
import type { Tables } from './tables.ts';

const PlatformRow = z.strictObject({
  revision: z.int().min(1),
  digest: Sha256Digest,
  document: Platform,
  appliedAt: Timestamp,
  appliedBy: PrincipalName,
});
const ApiKeyRow = z.strictObject({
  keyId: z.string().regex(/^[a-z0-9]{1,32}$/),
  tenant: Slug,
  workspace: Slug,
  label: z.string().max(100),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: Timestamp,
  revokedAt: Timestamp.optional(),
});

/** Puts back what a backup holds of the database, into tables that are empty. Stored rows are parsed first. */
export interface RestoreRows {
  platformRevisions(rows: readonly unknown[]): Promise<void>;
  apiKeys(rows: readonly unknown[]): Promise<void>;
  /** Behind the projection of the ledger: what an erasure names is passed over, as at any delivery. */
  openings(rows: readonly BackedUpOpening[]): Promise<void>;
}

export function postgresRestoreRows(db: Kysely<Tables>): RestoreRows {
  return {
    async platformRevisions(rows) {
      for (const row of rows.map((one) => PlatformRow.parse(one))) {
        await sql`
          insert into platform_revision (revision, digest, document, applied_at, applied_by)
          values (${row.revision}, ${row.digest}, ${JSON.stringify(row.document)}::jsonb,
                  ${row.appliedAt}::timestamptz, ${row.appliedBy})`.execute(db);
      }
    },

    async apiKeys(rows) {
      for (const row of rows.map((one) => ApiKeyRow.parse(one))) {
        await sql`
          insert into api_key (key_id, tenant, workspace, label, secret_sha256, created_at, revoked_at)
          values (${row.keyId}, ${row.tenant}, ${row.workspace}, ${row.label},
                  decode(${row.secretSha256}, 'hex'), ${row.createdAt}::timestamptz,
                  ${row.revokedAt ?? null}::timestamptz)`.execute(db);
      }
    },

    async openings(rows) {
      const parsed = JSON.stringify(rows.map((one) => BackedUpOpening.parse(one)));
      await sql`
        insert into commitment_opening
          (crossing, of_tenant, of_workspace, request_salt, answer_salt, payload_key, ended)
        select crossing, tenant, workspace, decode("requestSalt", 'base64'), decode("answerSalt", 'base64'),
               decode("payloadKey", 'base64'), ended
        from json_to_recordset(${parsed}::json) as row
          (crossing uuid, tenant text, workspace text, "requestSalt" text, "answerSalt" text,
           "payloadKey" text, ended boolean)
        where not exists (select from erased_crossing where erased_crossing.crossing = row.crossing)`.execute(
        db,
      );
      await sql`
        insert into kept_payload (crossing, kind, tenant, workspace, data_class, bytes)
        select crossing, kind, tenant, workspace, "dataClass", bytes
        from json_to_recordset(${parsed}::json) as row (crossing uuid, tenant text, workspace text, payloads json),
          json_to_recordset(row.payloads) as payload (kind text, "dataClass" text, bytes bigint)
        where not exists (select from erased_crossing where erased_crossing.crossing = row.crossing)`.execute(
        db,
      );
    },
  };
}
