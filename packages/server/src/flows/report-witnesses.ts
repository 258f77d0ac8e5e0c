import type { WitnessList } from '@sekisho/contract';
import type { CosignatureCollector, Ledger } from '../domains/ledger/index.ts';
import { CELL_LOG } from './cell-log.ts';

/** How the cell's log stands with its witnesses; `collector` is absent where no policy names any. */
export function reportWitnesses(ledger: Ledger, collector: CosignatureCollector | undefined): WitnessList {
  if (collector === undefined) {
    const { size } = ledger.checkpoint(CELL_LOG);
    return { configured: false, checkpointSize: size, witnessedSize: 0, witnesses: [] };
  }
  const { witnesses, ...sizes } = collector.report();
  return {
    configured: true,
    ...sizes,
    witnesses: witnesses.map(({ cosignedAtSeconds, ...witness }) => ({
      ...witness,
      ...(cosignedAtSeconds !== undefined && { cosignedAt: timeOf(cosignedAtSeconds) }),
    })),
  };
}

/** A witness may state any time: what no date can hold becomes the last one that can be written here. */
function timeOf(seconds: number): string {
  const lastSeconds = Date.UTC(9999, 11, 31) / 1000;
  return new Date(Math.min(seconds, lastSeconds) * 1000).toISOString();
}
