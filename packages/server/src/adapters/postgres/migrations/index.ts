import type { Migration } from 'kysely/migration';
import { platformKeysCrossingsUsage } from './0001-platform-keys-crossings-usage.ts';
import { payloadsHoldsErasures } from './0003-payloads-holds-erasures.ts';

/** In order. A migration that was released is never changed: add another. There is no way back. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-platform-keys-crossings-usage': platformKeysCrossingsUsage,
  '0003-payloads-holds-erasures': payloadsHoldsErasures,
};
