import { backupFolders, plainFilesOf } from './adapters/backup-folders/index.ts';
import type { CellHome } from './adapters/cell-home/index.ts';
import { payloadFiles } from './adapters/payload-files/index.ts';
import type { Database } from './adapters/postgres/index.ts';
import type { Clock } from './base/clock.ts';
import type { CellConfig } from './base/config.ts';
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

interface Surroundings {
  readonly ledger: Ledger;
  readonly platform: PlatformInForce;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Composed {
  readonly payloads: PayloadStore;
  readonly keeper: PayloadKeeper;
  /** At a start, before the edges listen: what a crash left undone. */
  readonly recover: () => Promise<void>;
  readonly sweep: SweepRetention;
  readonly flows: RetentionFlows;
}

/** What keeps, holds, erases and backs up, over a home and its database. */
export function composeRetention(
  parts: Surroundings & {
    readonly config: Pick<CellConfig, 'cellName'>;
    readonly home: Pick<CellHome, 'folder' | 'pathOf'>;
    readonly database: Pick<Database, 'retention' | 'backupRows'>;
  },
): Composed {
  const { config, home, database } = parts;
  return composeRetentionFlows({
    ...parts,
    cellName: config.cellName,
    register: database.retention,
    backupRows: database.backupRows,
    payloads: payloadFiles({ folder: home.pathOf('payloads') }),
    backups: backupFolders(),
    plainFiles: () => plainFilesOf(home.folder),
  });
}

/** The flows over their ports. */
export function composeRetentionFlows(
  parts: Surroundings & {
    readonly cellName: string;
    readonly register: RetentionRegister;
    readonly payloads: PayloadStore;
    readonly backups: BackupFolders;
    readonly backupRows: BackupRows;
    readonly plainFiles: () => Promise<readonly PlainFile[]>;
  },
): Composed {
  const { ledger, register, payloads, backups, platform, clock, log } = parts;
  const finish = new FinishErasures(ledger, register, payloads, backups, log);
  const erase = new EraseCrossings(ledger, register, finish, clock);
  const { backupRows: rows, ...rest } = parts;
  const backUp = new MakeBackup({ ...rest, rows, folders: backups, finish });
  const holds = new ManageHolds(ledger, register, clock);
  return {
    payloads,
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
