import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * The shape of the table `crossing`, of which every generation is made. The table is a projection:
 * a change of shape is a change here and a migration that lets the old table hold the new columns
 * and marks it incomplete. The cell then builds a new generation by itself.
 */
const COLUMNS = `
  crossing uuid primary key,
  tenant text collate "C" not null,
  workspace text collate "C" not null,
  subject text collate "C" not null,
  started_at timestamptz not null,
  intent_index bigint not null,
  outcome_index bigint,
  result text collate "C",
  principal text collate "C",
  action text collate "C",
  data_class text collate "C",
  purpose text,
  platform_revision bigint,
  decision text collate "C",
  request_commitment bytea,
  ended_at timestamptz,
  status integer,
  endpoint text collate "C",
  assurance text collate "C",
  places text[] collate "C",
  carried_terms text[] collate "C",
  answer_commitment bytea,
  input_tokens bigint,
  output_tokens bigint,
  usage_estimated boolean,
  amount_pico_yen numeric(38, 0),
  check ((outcome_index is null) = (result is null))`;

/**
 * Every list is newest first, by time and then id, so most indexes end in both: a page is then read
 * off the index. The partial ones hold the few that somebody looks for among the many that went
 * well, and cost nothing for the many. `carried_terms` holds all that was carried: each place with
 * the places around it, `endpoint:{id}`, `assurance:{level}`.
 */
const INDEXES: Readonly<Record<string, string>> = {
  by_time: '(started_at, crossing)',
  by_tenant: '(tenant, started_at, crossing)',
  by_workspace: '(tenant, workspace, started_at, crossing)',
  by_principal: '(principal, started_at, crossing)',
  by_subject: '(subject, started_at, crossing)',
  by_request: 'using hash (request_commitment)',
  by_answer: 'using hash (answer_commitment) where answer_commitment is not null',
  by_carried: 'using gin (carried_terms) where carried_terms is not null',
  sensitive: `(data_class, started_at, crossing)
    where data_class not in ('confidentiality-1', 'confidentiality-2')`,
  denied: `(started_at, crossing) where decision = 'deny'`,
  not_processing: `(action, started_at, crossing) where action <> 'process'`,
  not_completed: `(result, started_at, crossing) where result <> 'completed'`,
  open: '(crossing) where outcome_index is null',
};

export async function createCrossingTable(db: Kysely<Tables>, table: string): Promise<void> {
  await sql`create table ${sql.id(table)} (${sql.raw(COLUMNS)})`.execute(db);
  // With fewer samples the planner holds a rare term for a common one, and reads the newest until it comes.
  await sql`alter table ${sql.table(table)} alter column carried_terms set statistics 1000`.execute(db);
}

/** Apart from the table, because loading comes first and is faster without. */
export async function createCrossingIndexes(db: Kysely<Tables>, table: string): Promise<void> {
  for (const [name, definition] of Object.entries(INDEXES)) {
    await sql`create index ${sql.id(`${table}_${name}`)} on ${sql.table(table)} ${sql.raw(definition)}`.execute(
      db,
    );
  }
}

/** Gives a table and its indexes the names of another, which is gone. */
export async function renameCrossingTable(db: Kysely<Tables>, from: string, to: string): Promise<void> {
  await sql`alter table ${sql.table(from)} rename to ${sql.id(to)}`.execute(db);
  for (const name of ['pkey', ...Object.keys(INDEXES)]) {
    await sql`alter index ${sql.id(`${from}_${name}`)} rename to ${sql.id(`${to}_${name}`)}`.execute(db);
  }
}
