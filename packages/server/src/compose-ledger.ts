import { readFile } from 'node:fs/promises';
import { SekishoError } from '@sekisho/contract';
import { z } from 'zod';
import type { CellHome } from './adapters/cell-home/index.ts';
import { measureLedger, type LedgerMeasure } from './adapters/measured-ledger/index.ts';
import { fileTileStore, fileWriteAheadLog } from './adapters/ledger-files/index.ts';
import type { Database } from './adapters/postgres/index.ts';
import { s3TileFiles } from './adapters/s3-tiles/index.ts';
import { openSoftwareKeystore } from './adapters/software-keystore/index.ts';
import type { Clock } from './base/clock.ts';
import type { CellConfig } from './base/config.ts';
import type { BucketConfig } from './base/ledger-config.ts';
import type { Log } from './base/log.ts';
import type { Metrics } from './base/metrics.ts';
import type { Random } from './base/random.ts';
import { openLedger, openSharedLedger } from './domains/ledger/index.ts';
import type { Ledger, ReplicaLedger, TileFiles } from './domains/ledger/index.ts';

interface Parts {
  readonly config: CellConfig;
  readonly home: CellHome;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The ledger that the settings ask for; `replica` is there where several processes share it. */
export async function composeLedger(parts: Parts): Promise<{
  readonly ledger: Ledger;
  readonly replica: ReplicaLedger | undefined;
  readonly measure: LedgerMeasure;
  /** Where the write-ahead log is a folder of this machine. */
  readonly walFolder: string | undefined;
  close(): Promise<void>;
}> {
  const { config, home, database, clock, random, log } = parts;
  const { cellName, ledger: storage } = config;
  const measure = measureLedger(parts.metrics, clock);
  if (storage.storage === 'files') {
    const keys = await openSoftwareKeystore({
      folder: home.pathOf('keys'),
      passphraseFile: config.passphraseFile ?? home.pathOf('keys', 'passphrase'),
      random,
    });
    const ledger = await openLedger({
      cellName,
      wal: fileWriteAheadLog({ folder: home.pathOf('ledger', 'wal') }),
      tiles: measure.tileStore(fileTileStore({ folder: home.pathOf('ledger', 'logs') })),
      keys,
      sink: measure.sink(database.ledgerSink),
      clock,
      log,
    });
    return {
      ledger,
      replica: undefined,
      measure,
      walFolder: home.pathOf('ledger', 'wal'),
      close: () => ledger.close(),
    };
  }
  const { keysFolder: folder, passphraseFile } = storage;
  const keys = await openSoftwareKeystore({ folder, passphraseFile, random });
  const store = await openTiles(storage.tiles, parts);
  const ledger = await openSharedLedger({
    cellName,
    join: (listener) => database.joinSequence(listener),
    tiles: measure.tileFiles(store.tiles),
    keys,
    sink: measure.sink(database.ledgerSink),
    clock,
    log,
  });
  return {
    ledger,
    replica: ledger,
    measure,
    walFolder: undefined,
    close: async () => {
      await ledger.close();
      await store.close();
    },
  };
}

async function openTiles(
  tiles: { readonly folder: string } | BucketConfig,
  { clock, random }: Parts,
): Promise<{ readonly tiles: TileFiles; close(): Promise<void> }> {
  if ('folder' in tiles) {
    return { tiles: fileTileStore({ folder: tiles.folder, shared: { random } }), close: async () => {} };
  }
  const { endpoint, bucket, prefix, region, credentialsFile } = tiles;
  const credentials = await bucketCredentials(credentialsFile, process.env);
  const files = s3TileFiles({ endpoint, bucket, prefix, region, ...credentials }, { clock, random });
  return { tiles: files, close: () => files.close() };
}

const Credentials = z.strictObject({
  accessKeyId: z.string().min(1).max(256),
  secretAccessKey: z.string().min(1).max(256),
  sessionToken: z.string().min(1).max(8192).optional(),
});

async function bucketCredentials(file: string | undefined, environment: NodeJS.ProcessEnv) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  const given: unknown =
    file === undefined
      ? {
          accessKeyId: AWS_ACCESS_KEY_ID,
          secretAccessKey: AWS_SECRET_ACCESS_KEY,
          ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
        }
      : await readJson(file);
  const parsed = Credentials.safeParse(given);
  if (!parsed.success) throw badCredentials();
  const { sessionToken, ...keys } = parsed.data;
  return { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Names no value: it may hold a secret. */
function badCredentials(): SekishoError {
  return new SekishoError('invalid_request', {
    ja: 'ledger-bucket の認証情報がありません。ledger-credentials (JSON) か、AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を指定してください。',
    en: 'The credentials of ledger-bucket are missing. Give ledger-credentials (JSON), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  });
}
