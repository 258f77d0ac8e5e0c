import type { Generated } from 'kysely';

/**
 * What the driver gives back, see `connection.ts`: bigint and numeric as text, date as text,
 * timestamptz as Date. Adapters parse every row before it leaves this folder.
 */
export interface Tables {
  platform_revision: {
    revision: string;
    digest: string;
    document: unknown;
    applied_at: Date;
    applied_by: string;
  };
  api_key: {
    key_id: string;
    tenant: string;
    workspace: string;
    label: string;
    secret_sha256: Buffer;
    created_at: Date;
    revoked_at: Date | null;
  };
  crossing: {
    crossing: string;
    tenant: string;
    workspace: string;
    subject: string;
    started_at: Date;
    intent_index: string;
    outcome_index: string | null;
    result: string | null;
    /** From here on null in rows of migration 0001, until the table is rebuilt. */
    principal: string | null;
    action: string | null;
    data_class: string | null;
    purpose: string | null;
    platform_revision: string | null;
    decision: string | null;
    request_commitment: Buffer | null;
    ended_at: Date | null;
    status: number | null;
    endpoint: string | null;
    assurance: string | null;
    places: string[] | null;
    carried_terms: string[] | null;
    answer_commitment: Buffer | null;
    input_tokens: string | null;
    output_tokens: string | null;
    usage_estimated: boolean | null;
    amount_pico_yen: string | null;
  };
  crossing_projection: { complete: boolean };
  commitment_opening: {
    crossing: string;
    of_tenant: string;
    of_workspace: string;
    request_salt: Buffer | null;
    answer_salt: Buffer | null;
    payload_key: Buffer | null;
    ended: boolean;
  };
  kept_payload: {
    crossing: string;
    kind: string;
    tenant: string;
    workspace: string;
    data_class: string;
    bytes: string;
  };
  legal_hold: {
    tenant: string;
    hold: string;
    scope: unknown;
    placed_at: Date;
    placed_by: string;
    released_at: Date | null;
    released_by: string | null;
  };
  erased_crossing: { crossing: string };
  erasure: { tenant: string; entry_index: string; erased_at: Date; crossings: string[] };
  erasure_pending: { tenant: string; entry_index: string; target: string; reason: string };
  backup: { id: string; folder: string; made_at: Date; finished: Generated<boolean> };
  usage: {
    tenant: string;
    workspace: string;
    model: string;
    day: string;
    crossings: string;
    input_tokens: string;
    output_tokens: string;
    amount_pico_yen: string;
  };
  projection_cursor: { log: string; next_index: string };
  kysely_migration: { name: string };
}
