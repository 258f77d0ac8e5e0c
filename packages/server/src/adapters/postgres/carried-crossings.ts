import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { CarriedCrossings } from '../../domains/crossings/ports.ts';
import { PlaceRow } from './crossing-index.ts';
import type { Tables } from './tables.ts';

/** Crossings that began in a batch and did not end in it, and those that ended. */
export interface ProjectedCarriers {
  readonly begun: readonly { readonly crossing: string; readonly replica: number }[];
  readonly ended: readonly string[];
}

/** Folds entries into who carries what. An embedded ledger names no replica, and so nobody. */
export class CarrierFold {
  readonly #begun = new Map<string, number>();
  readonly #ended: string[] = [];

  begin(crossing: string, replica: number | undefined): void {
    if (replica !== undefined) this.#begun.set(crossing, replica);
  }

  end(crossing: string, replica: number | undefined): void {
    if (!this.#begun.delete(crossing) && replica !== undefined) this.#ended.push(crossing);
  }

  result(): ProjectedCarriers {
    const begun = [...this.#begun].map(([crossing, replica]) => ({ crossing, replica }));
    return { begun, ended: this.#ended };
  }
}

export async function writeCarriers<T>(db: Kysely<T>, { begun, ended }: ProjectedCarriers): Promise<void> {
  if (begun.length > 0) {
    await sql`
      insert into crossing_carrier (crossing, replica)
      select * from unnest(${begun.map((row) => row.crossing)}::uuid[],
                           ${begun.map((row) => row.replica)}::integer[])
      on conflict do nothing`.execute(db);
  }
  if (ended.length > 0) {
    await sql`delete from crossing_carrier where crossing = any (${ended}::uuid[])`.execute(db);
  }
}

const CarrierRow = z.object({ replica: z.int() });

export function postgresCarriedCrossings(db: Kysely<Tables>): CarriedCrossings {
  return {
    async endedCarriers() {
      const { rows } = await sql`
        select distinct replica from crossing_carrier as carrier
        where not exists (select from ledger_replica as living
                          where living.replica = carrier.replica and living.ended_at is null)`.execute(db);
      return rows.map((row) => CarrierRow.parse(row).replica);
    },

    async take(ended, replica, limit) {
      // Where the crossings are being rebuilt, one that is not there yet is left for later.
      const { rows } = await sql`
        with abandoned as (
          select crossing from crossing_carrier
          where replica = any (${ended}::integer[])
            and exists (select from crossing where crossing.crossing = crossing_carrier.crossing
                          and outcome_index is null)
          order by crossing limit ${limit} for update skip locked
        ), taken as (
          update crossing_carrier set replica = ${replica} from abandoned
          where crossing_carrier.crossing = abandoned.crossing returning abandoned.crossing
        )
        select crossing, tenant, workspace, intent_index, outcome_index
        from crossing join taken using (crossing)`.execute(db);
      return rows.map((row) => PlaceRow.parse(row));
    },
  };
}
