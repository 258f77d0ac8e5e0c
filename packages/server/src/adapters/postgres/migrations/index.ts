import type { Migration } from 'kysely/migration';
import { platformKeysCrossingsUsage } from './0001-platform-keys-crossings-usage.ts';
import { crossingSearch } from './0002-crossing-search.ts';
import { payloadsHoldsErasures } from './0003-payloads-holds-erasures.ts';
import { sharedLedger } from './0004-shared-ledger.ts';

/** In order. A migration that was released is never changed: add another. There is no way back. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-platform-keys-crossings-usage': platformKeysCrossingsUsage,
  '0002-crossing-search': crossingSearch,
  '0003-payloads-holds-erasures': payloadsHoldsErasures,
  '0004-shared-ledger': sharedLedger,
};
