import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { Platform, PlatformRevision, SekishoError } from '@sekisho/contract';
import type { PlatformStore, StoredPlatform } from '../../domains/platform/ports.ts';
import { Count, Moment, sqlState } from './connection.ts';
import type { Tables } from './tables.ts';

const RevisionRow = z
  .object({ revision: Count, digest: z.string(), applied_at: Moment, applied_by: z.string() })
  .transform((row) =>
    PlatformRevision.parse({
      revision: row.revision,
      digest: row.digest,
      appliedAt: row.applied_at,
      appliedBy: row.applied_by,
    }),
  );
const DocumentRow = z.object({ document: Platform });

const UNIQUE_VIOLATION = '23505';
/** A text that jsonb or text cannot hold: U+0000 or half of a surrogate pair. */
const unholdable = new Set(['22P02', '22P05', '22021']);

export function postgresPlatformStore(db: Kysely<Tables>): PlatformStore {
  return {
    async current() {
      const row = await db
        .selectFrom('platform_revision')
        .selectAll()
        .orderBy('revision', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : parseStored(row);
    },

    async insert(next) {
      const document = JSON.stringify(next.platform);
      try {
        // Two racing callers may both find their base to be the newest; the primary key lets one in.
        const { rows } = await sql<Tables['platform_revision']>`
          insert into platform_revision (revision, digest, document, applied_at, applied_by)
          select ${next.baseRevision}::bigint + 1, ${next.digest}::text, ${document}::jsonb,
                 ${next.appliedAt}::timestamptz, ${next.appliedBy}::text
          where (select coalesce(max(revision), 0) from platform_revision) = ${next.baseRevision}::bigint
          returning *`.execute(db);
        if (rows[0] !== undefined) return parseStored(rows[0]);
      } catch (error) {
        const state = sqlState(error) ?? '';
        if (unholdable.has(state)) throw unholdableText(error);
        if (state !== UNIQUE_VIOLATION) throw error;
      }
      throw new SekishoError('revision_conflict', `base ${next.baseRevision}`);
    },

    async history() {
      const rows = await db
        .selectFrom('platform_revision')
        .select(['revision', 'digest', 'applied_at', 'applied_by'])
        .orderBy('revision', 'desc')
        .execute();
      return rows.map((row) => RevisionRow.parse(row));
    },
  };
}

function parseStored(row: unknown): StoredPlatform {
  return { revision: RevisionRow.parse(row), platform: DocumentRow.parse(row).document };
}

function unholdableText(cause: unknown): SekishoError {
  const detail = {
    ja: '使えない文字 (U+0000 など) があります',
    en: 'A text holds U+0000 or a lone surrogate',
  };
  return new SekishoError('platform_invalid', detail, { cause });
}
