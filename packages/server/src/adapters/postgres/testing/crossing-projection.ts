import type { Kysely } from 'kysely';
import type { CrossingIndex, CrossingSearch } from '../../../domains/crossings/ports.ts';
import type { LedgerSink } from '../../../domains/ledger/ports.ts';
import { postgresCrossingIndex } from '../crossing-index.ts';
import { postgresCrossingSearch } from '../crossing-search.ts';
import { CrossingTable } from '../crossing-table.ts';
import { postgresLedgerSink } from '../ledger-sink.ts';
import type { Tables } from '../tables.ts';
import { silentLog } from './test-server.ts';

/** Chiyoda in Tokyo and Ishikari in Hokkaido; other places are unknown here. */
export const ancestors = (place: string): readonly string[] =>
  ({ '131016': ['131016', 'JP-13', 'JP'], '012351': ['012351', 'JP-01', 'JP'] })[place] ?? [];

export const sinkOf = (db: Kysely<Tables>): LedgerSink =>
  postgresLedgerSink(db, new CrossingTable(db, silentLog), ancestors);
export const indexOf = (db: Kysely<Tables>): CrossingIndex =>
  postgresCrossingIndex(db, new CrossingTable(db, silentLog));
export const searchOf = (db: Kysely<Tables>): CrossingSearch =>
  postgresCrossingSearch(db, new CrossingTable(db, silentLog));
