import { SekishoError } from '@sekisho/contract';
import { DatabaseError, type Pool } from 'pg';
import { z } from 'zod';
import type { Checkpoints } from '../../domains/ledger/index.ts';

/** Raised when a higher term was given. */
const TERM_OVER = 'SK003';

const LogRow = z.object({ log: z.string() });
const NoteRow = z.object({ note: z.string() });
const PublishedRow = z.object({ published: z.boolean() });

/**
 * The newest checkpoint of each log, as rows that only the term in office replaces. `term` is asked
 * at each call; undefined: this replica has none.
 */
export function termCheckpoints(pool: Pool, term: () => number | undefined): Checkpoints {
  return {
    async logs() {
      const { rows } = await pool.query('select log from ledger_checkpoint order by log');
      return rows.map((row) => LogRow.parse(row).log);
    },

    async readCheckpoint(log) {
      const { rows } = await pool.query('select note from ledger_checkpoint where log = $1', [log]);
      return rows[0] === undefined ? undefined : NoteRow.parse(rows[0]).note;
    },

    async publishCheckpoint(log, previous, next) {
      const inOffice = term();
      if (inOffice === undefined) throw new SekishoError('ledger_corrupt', `${log}: no term to publish in`);
      try {
        const { rows } = await pool.query('select ledger_publish($1, $2, $3, $4) as published', [
          inOffice,
          log,
          previous ?? null,
          next,
        ]);
        if (PublishedRow.parse(rows[0]).published) return;
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code !== TERM_OVER) throw error;
        throw new SekishoError('ledger_corrupt', `${log}: term ${inOffice} is over`, { cause: error });
      }
      throw new SekishoError('ledger_corrupt', `${log}: somebody else changed the checkpoint`);
    },
  };
}
