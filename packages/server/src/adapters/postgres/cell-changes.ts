import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from './tables.ts';

const TokenRow = z.object({ token: z.string() });

/** Revisions and keys are only added, and keys revoked once: their numbers say whether anything changed. */
export function postgresCellChanges(db: Kysely<Tables>): { token(): Promise<string> } {
  return {
    async token() {
      const { rows } = await sql`
        select concat_ws(' ', (select max(revision) from platform_revision),
                              (select count(*) from api_key), (select count(revoked_at) from api_key)) as token
        `.execute(db);
      return TokenRow.parse(rows[0]).token;
    },
  };
}
