import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { BackedUpOpening } from '@sekisho/contract';
import type { BackupRows } from '../../domains/payloads/index.ts';
import type { Tables } from './tables.ts';

const Document = z.object({ document: z.record(z.string(), z.unknown()) });

/** What only the database holds, in JSON that the database itself writes: bytes are base64, times RFC 3339. */
export function postgresBackupRows(db: Kysely<Tables>): BackupRows {
  return {
    async platformRevisions() {
      const { rows } = await sql`
        select json_build_object('revision', revision, 'digest', digest, 'document', document,
          'appliedAt', ${utc('applied_at')}, 'appliedBy', applied_by) as document
        from platform_revision order by revision`.execute(db);
      return rows.map((row) => Document.parse(row).document);
    },

    async apiKeys() {
      const { rows } = await sql`
        select json_strip_nulls(json_build_object('keyId', key_id, 'tenant', tenant, 'workspace', workspace,
          'label', label, 'secretSha256', encode(secret_sha256, 'hex'),
          'createdAt', ${utc('created_at')}, 'revokedAt', ${utc('revoked_at')})) as document
        from api_key order by key_id`.execute(db);
      return rows.map((row) => Document.parse(row).document);
    },

    async openings(after, limit) {
      const { rows } = await sql`
        select json_strip_nulls(json_build_object(
          'crossing', crossing, 'tenant', of_tenant, 'workspace', of_workspace,
          'requestSalt', encode(request_salt, 'base64'), 'answerSalt', encode(answer_salt, 'base64'),
          'payloadKey', encode(payload_key, 'base64'), 'ended', ended,
          'payloads', coalesce((
            select json_agg(json_build_object('kind', kind, 'dataClass', data_class, 'bytes', bytes) order by kind)
            from kept_payload where kept_payload.crossing = commitment_opening.crossing), '[]'::json)
        )) as document
        from commitment_opening where crossing > ${after}::uuid
        order by crossing limit ${limit}`.execute(db);
      return rows.map((row) => BackedUpOpening.parse(Document.parse(row).document));
    },
  };
}

function utc(column: string) {
  return sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
