import { parseVerifierKey, type WitnessPolicy } from '@sekisho/proof';
import { fileWitnessedCheckpoint } from './adapters/ledger-files/index.ts';
import { httpWitnessClient } from './adapters/witnesses/index.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { RepeatingTask } from './base/repeating-task.ts';
import { CosignatureCollector, WitnessedAnchors } from './domains/ledger/index.ts';
import type { Ledger, WitnessedCheckpointStore } from './domains/ledger/index.ts';
import { ANCHOR_INTERVAL_MS, AnchorTenantLogs } from './flows/anchor-tenant-logs.ts';
import { CELL_LOG } from './flows/cell-log.ts';
import { trustedVerifierKeys } from './flows/rotate-log-key.ts';

/** What others can hold the cell to: tenants' logs in the cell's log, and witnesses of that. */
export interface Witnesses {
  /** Undefined without a policy, as the next. */
  readonly cosignatures: CosignatureCollector | undefined;
  readonly anchors: WitnessedAnchors | undefined;
  readonly store: WitnessedCheckpointStore;
  start(): Promise<void>;
  close(): Promise<void>;
}

export function composeWitnesses(parts: {
  readonly ledger: Ledger;
  /** Among replicas, the one that integrates writes the anchors. */
  readonly replica: { readonly integrates: boolean } | undefined;
  readonly policy: WitnessPolicy | undefined;
  readonly home: { pathOf(...names: string[]): string };
  readonly clock: Clock;
  readonly log: Log;
}): Witnesses {
  const { ledger, replica, policy, home, clock, log } = parts;
  const tenantLogs = new AnchorTenantLogs(ledger, clock);
  const anchoring = new RepeatingTask(
    ANCHOR_INTERVAL_MS,
    async () => {
      if (replica?.integrates ?? true) await tenantLogs.anchorNow();
    },
    { log, event: 'anchor.failed' },
  );
  const store = fileWitnessedCheckpoint({ folder: home.pathOf('ledger', 'logs') });
  const cosignatures =
    policy &&
    new CosignatureCollector({
      ledger,
      log: CELL_LOG,
      policy,
      client: httpWitnessClient(),
      store,
      clock,
      journal: log,
    });
  const anchors =
    policy &&
    new WitnessedAnchors({
      ledger,
      log: CELL_LOG,
      logKeys: () => trustedVerifierKeys(ledger, CELL_LOG).map(parseVerifierKey),
      policy,
      store,
      journal: log,
    });
  return {
    cosignatures,
    anchors,
    store,
    start: async () => {
      anchoring.start();
      await cosignatures?.start();
      anchors?.start();
    },
    close: async () => {
      await anchors?.close();
      await cosignatures?.close();
      await anchoring.close();
    },
  };
}
