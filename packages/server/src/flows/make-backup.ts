import { SekishoError, type BackedUpOpening, type BackupState, type MadeBackup } from '@sekisho/contract';
import { entriesPath, tilePath, tilesOfTree } from '@sekisho/proof';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import {
  payloadPath,
  type BackupFolders,
  type BackupRows,
  type BackupWriter,
  type PayloadStore,
  type RetentionRegister,
} from '../domains/payloads/index.ts';
import type { FinishErasures } from './finish-erasures.ts';
import type { PlatformInForce } from './platform-in-force.ts';

/** Openings in one file: an erasure rewrites the file that names a crossing. */
const OPENINGS_A_FILE = 2000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** A file that is copied as it is, such as a sealed signing key. */
export interface PlainFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Copies what cannot be made again, while the cell serves: logs, sealed signing keys, platform revisions, API
 * keys, openings, kept payloads. Plain files; the logs are static logs that `sekisho audit` reads.
 *
 * The backup is registered before the first byte is copied. So an erasure that is recorded while it is made lists it
 * as a target, and is carried out in it once it is whole.
 */
export class MakeBackup {
  readonly #cellName: string;
  readonly #ledger: Ledger;
  readonly #register: RetentionRegister;
  readonly #rows: BackupRows;
  readonly #payloads: PayloadStore;
  readonly #folders: BackupFolders;
  readonly #plainFiles: () => Promise<readonly PlainFile[]>;
  readonly #platform: PlatformInForce;
  readonly #finish: FinishErasures;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: {
    readonly cellName: string;
    readonly ledger: Ledger;
    readonly register: RetentionRegister;
    readonly rows: BackupRows;
    readonly payloads: PayloadStore;
    readonly folders: BackupFolders;
    /** Sealed signing keys and the verifier keys. */
    readonly plainFiles: () => Promise<readonly PlainFile[]>;
    readonly platform: PlatformInForce;
    readonly finish: FinishErasures;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#cellName = parts.cellName;
    this.#ledger = parts.ledger;
    this.#register = parts.register;
    this.#rows = parts.rows;
    this.#payloads = parts.payloads;
    this.#folders = parts.folders;
    this.#plainFiles = parts.plainFiles;
    this.#platform = parts.platform;
    this.#finish = parts.finish;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /**
   * One at a time. Throws SekishoError `backup_failed` when the folder cannot take it, and nothing of it stays; or
   * while another is being made.
   */
  async run(folder: string, askedSite: string | undefined): Promise<MadeBackup> {
    const made = await this.#register.backingUp(() => this.#run(folder, askedSite));
    if (made !== undefined) return made.result;
    throw new SekishoError('backup_failed', {
      ja: '別のバックアップを作成中です',
      en: 'another backup is being made',
    });
  }

  /** Removes what a crash or a failure left of backups. What cannot be reached stays registered. */
  async forgetUnfinished(): Promise<void> {
    await this.#register.backingUp(() => this.#forgetUnfinished());
  }

  async #run(folder: string, askedSite: string | undefined): Promise<MadeBackup> {
    const madeAt = timestamp(this.#clock);
    const id = `backup-${madeAt.slice(0, 19).replaceAll(/[^0-9]/g, '')}-${this.#random.bytes(3).toString('hex')}`;
    const backup: BackupState = { id, folder, madeAt };
    const site = askedSite ?? this.#platform.optional?.stored.platform.cell?.site;
    await this.#register.registerBackup(backup);
    let writer: BackupWriter | undefined;
    try {
      writer = await this.#folders.create(backup);
      const made = await this.#copy(writer, backup, site);
      await this.#register.finishBackup(id);
      // What was erased meanwhile, and may have been copied before.
      await this.#finish.run();
      return made;
    } catch (cause) {
      // Before its folder was made nothing was copied; what was copied stays registered until it is removed.
      if (writer === undefined) await this.#register.forgetBackup(id);
      else await this.#forgetUnfinished().catch(() => undefined);
      throw new SekishoError('backup_failed', folder, { cause });
    }
  }

  async #forgetUnfinished(): Promise<void> {
    for (const backup of await this.#register.unfinishedBackups()) {
      await this.#folders.remove(backup);
      await this.#register.forgetBackup(backup.id);
    }
  }

  async #copy(writer: BackupWriter, backup: BackupState, site: string | undefined): Promise<MadeBackup> {
    const logs = await this.#copyLogs(writer);
    for (const { path, bytes } of await this.#plainFiles()) await writer.add(path, [bytes]);
    await writer.add('platform-revisions.ndjson', lines(await this.#rows.platformRevisions()));
    await writer.add('api-keys.ndjson', lines(await this.#rows.apiKeys()));
    const judged = new Map<string, boolean>();
    await this.#copyOpenings(writer, (row) => this.#mayBackUp(row, site, judged));
    const leftOut = [...judged].filter(([, allowed]) => !allowed).map(([name]) => name);
    const files = await writer.finish({
      id: backup.id,
      cellName: this.#cellName,
      madeAt: backup.madeAt,
      ...(site === undefined ? {} : { site }),
      logs,
      leftOut,
    });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { backup, files: files.length, bytes, logs, leftOut };
  }

  /**
   * A backup is a copy: payloads go into it where the workspace's boundary allows `back-up` of their class at the
   * site, by the same judgement as any copy. Others are left out, by name.
   */
  #mayBackUp(
    { tenant, workspace, payloads }: BackedUpOpening,
    site: string | undefined,
    judged: Map<string, boolean>,
  ): boolean {
    return payloads.every(({ dataClass }) => {
      const name = `${tenant}/${workspace} ${dataClass}`;
      const use = { tenant, workspace, action: 'back-up', dataClass, purpose: 'backup' } as const;
      const allowed =
        judged.get(name) ??
        (site !== undefined &&
          this.#platform.optional?.policy.judgeCopy(use, { kind: 'backup', site }).allowed === true);
      judged.set(name, allowed);
      return allowed;
    });
  }

  /** As C2SP tlog-tiles lays them out, the checkpoint first: whatever is appended later is not in it. */
  async #copyLogs(writer: BackupWriter): Promise<Record<string, number>> {
    const sizes: Record<string, number> = {};
    for (const log of this.#ledger.logs()) {
      await this.#ledger.settledNow(log);
      const { note, size } = this.#ledger.checkpoint(log);
      sizes[log] = size;
      await writer.add(`ledger/logs/${log}/checkpoint`, [Buffer.from(note, 'utf8')]);
      for (const tile of tilesOfTree(size)) {
        const { level, index, width } = tile;
        const hashes = await this.#ledger.readTile(log, tile);
        if (hashes === undefined) throw new Error(`${log}: tile ${level}/${index} is missing`);
        await writer.add(`ledger/logs/${log}/${tilePath(level, index, width)}`, [hashes]);
        if (level > 0) continue;
        const entries = await this.#ledger.readEntryBundle(log, index, width);
        if (entries === undefined) throw new Error(`${log}: entries ${index} are missing`);
        await writer.add(`ledger/logs/${log}/${entriesPath(index, width)}`, [entries]);
      }
    }
    return sizes;
  }

  async #copyOpenings(writer: BackupWriter, mayBackUp: (row: BackedUpOpening) => boolean): Promise<void> {
    let after = FIRST_ID;
    for (let number = 0; ; number++) {
      const rows = await this.#rows.openings(after, OPENINGS_A_FILE);
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) return;
      after = last.crossing;
      const written: BackedUpOpening[] = [];
      for (const row of rows) {
        const { payloadKey: _withheld, ...withoutKey } = row;
        written.push(
          mayBackUp(row)
            ? { ...row, payloads: await this.#copyPayloads(writer, row) }
            : { ...withoutKey, payloads: [] },
        );
      }
      const path = `openings/${String(number).padStart(6, '0')}.ndjson`;
      await writer.add(path, lines(written), { first: first.crossing, last: last.crossing });
    }
  }

  /** What an erasure takes away while the backup is made is left out. */
  async #copyPayloads(
    writer: BackupWriter,
    { tenant, crossing, payloads }: BackedUpOpening,
  ): Promise<BackedUpOpening['payloads']> {
    const copied: BackedUpOpening['payloads'] = [];
    for (const payload of payloads) {
      const name = { tenant, crossing, kind: payload.kind };
      const sealed = this.#payloads.readSealed(name)[Symbol.asyncIterator]();
      const first = await sealed.next().catch((cause: unknown) => {
        if (isMissing(cause)) return undefined;
        throw cause;
      });
      if (first === undefined) continue;
      await writer.add(`payloads/${payloadPath(name)}`, joined(first, sealed));
      copied.push(payload);
    }
    return copied;
  }
}

async function* joined(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

function* lines(rows: readonly unknown[]): Generator<Buffer> {
  for (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
