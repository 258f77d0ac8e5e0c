import type { Clock } from './base/clock.ts';
import { describeCause, type Log } from './base/log.ts';
import type { Ledger } from './domains/ledger/index.ts';
import type { Random } from './base/random.ts';
import type { BackupFolders, BackupRows, PayloadStore, RetentionRegister } from './domains/payloads/index.ts';
import type { RetentionFlows } from './edge/admin/retention-routes.ts';
import { EraseCrossings } from './flows/erase-crossings.ts';
import { FinishErasures } from './flows/finish-erasures.ts';
import { PayloadKeeper } from './flows/keep-payloads.ts';
import { MakeBackup, type PlainFile } from './flows/make-backup.ts';
import { ManageHolds } from './flows/manage-holds.ts';
import type { PlatformInForce } from './flows/platform-in-force.ts';
import { reportRetention } from './flows/report-retention.ts';
import { SweepRetention } from './flows/sweep-retention.ts';

/** What keeps, holds and erases: the flows over one register. */
export function composeRetention(parts: {
  readonly ledger: Ledger;
  readonly register: RetentionRegister;
  readonly payloads: PayloadStore;
  readonly cellName: string;
  readonly backups: BackupFolders;
  readonly backupRows: BackupRows;
  readonly plainFiles: () => Promise<readonly PlainFile[]>;
  readonly random: Random;
  readonly platform: PlatformInForce;
  readonly clock: Clock;
  readonly log: Log;
}): {
  readonly keeper: PayloadKeeper;
  /** At a start, before the edges listen: what a crash left undone. */
  readonly recover: () => Promise<void>;
  readonly sweep: SweepRetention;
  readonly flows: RetentionFlows;
} {
  const { ledger, register, payloads, backups, platform, clock, log } = parts;
  const finish = new FinishErasures(ledger, register, payloads, backups, log);
  const erase = new EraseCrossings(ledger, register, finish, clock);
  const { backupRows: rows, ...rest } = parts;
  const backUp = new MakeBackup({ ...rest, rows, folders: backups, finish });
  const holds = new ManageHolds(ledger, register, clock);
  return {
    keeper: new PayloadKeeper(payloads, log),
    async recover() {
      await backUp
        .forgetUnfinished()
        .catch((cause: unknown) => log.warn('backup.not-removed', { cause: describeCause(cause) }));
      await finish.run();
    },
    sweep: new SweepRetention(platform, erase, finish, clock, log),
    flows: {
      planErasure: (selection) => erase.plan(selection),
      erase: (selection, reason, by) => erase.erase(selection, reason, by),
      placeHold: (tenant, hold, scope, by) => holds.place(tenant, hold, scope, by),
      releaseHold: (tenant, hold, by) => holds.release(tenant, hold, by),
      holds: (tenant) => holds.list(tenant),
      backUp: (folder, site) => backUp.run(folder, site),
      forgetBackup: (id) => register.forgetBackup(id),
      report: (query) => reportRetention(register, platform, query),
    },
  };
}
