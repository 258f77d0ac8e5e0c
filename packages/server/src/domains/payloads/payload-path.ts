import { startOfCrossing } from './crossing-time.ts';
import type { PayloadName } from './ports.ts';

/**
 * Where a payload lies below the folder of a store or of a backup: `{tenant}/{day, UTC}/{crossing}.{kind}`. It
 * follows from the name alone, so an erasure needs no list. Tenant and id are of closed alphabets.
 */
export function payloadPath({ tenant, crossing, kind }: PayloadName): string {
  const day = new Date(startOfCrossing(crossing)).toISOString().slice(0, 10);
  return `${tenant}/${day}/${crossing}.${kind}`;
}
