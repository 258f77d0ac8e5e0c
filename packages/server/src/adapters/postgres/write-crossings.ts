import { sql, type Kysely } from 'kysely';
import type { CrossingRow } from './projected-crossings.ts';

/**
 * New crossings and endings of known ones in one statement: one JSON text keeps it one plan for any
 * batch size, and costs the cell's thread least. A crossing ends once.
 */
export async function writeCrossings<T>(
  db: Kysely<T>,
  table: string,
  rows: readonly CrossingRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into ${sql.table(table)} as known
      (crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result,
       principal, action, data_class, purpose, platform_revision, decision, request_commitment,
       ended_at, status, endpoint, assurance, places, carried_terms, answer_commitment,
       input_tokens, output_tokens, usage_estimated, amount_pico_yen)
    select crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result,
       principal, action, data_class, purpose, platform_revision, decision, decode(request, 'hex'),
       ended_at, status, endpoint, assurance, places, carried_terms, decode(answer, 'hex'),
       input_tokens, output_tokens, usage_estimated, amount_pico_yen
    from json_to_recordset(${JSON.stringify(rows)}::json) as row
      (crossing uuid, tenant text, workspace text, subject text, started_at timestamptz,
       intent_index bigint, outcome_index bigint, result text, principal text, action text,
       data_class text, purpose text, platform_revision bigint, decision text, request text,
       ended_at timestamptz, status integer, endpoint text, assurance text, places text[],
       carried_terms text[], answer text, input_tokens bigint, output_tokens bigint,
       usage_estimated boolean, amount_pico_yen numeric)
    on conflict (crossing) do update
      set outcome_index = excluded.outcome_index, result = excluded.result,
          ended_at = excluded.ended_at, status = excluded.status,
          endpoint = excluded.endpoint, assurance = excluded.assurance,
          places = excluded.places, carried_terms = excluded.carried_terms,
          answer_commitment = excluded.answer_commitment,
          input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
          usage_estimated = excluded.usage_estimated, amount_pico_yen = excluded.amount_pico_yen
      where known.outcome_index is null and excluded.outcome_index is not null`.execute(db);
}
