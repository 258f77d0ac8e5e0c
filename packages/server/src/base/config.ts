import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SekishoError, faultsOf, type Language } from '@sekisho/contract';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ledgerConfig, ledgerSettings, type LedgerConfig } from './ledger-config.ts';
import { logLevels, type LogLevel } from './log.ts';

/** Decimal digits or an integer: whatever else JavaScript makes a number of, such as nothing, is a mistake. */
const Port = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(0).max(65_535));
const Switch = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** Settings of a cell. Each can be set by flag, environment and file, in that order of precedence. */
const Settings = z.strictObject({
  /** Address to listen on. Off loopback, TLS is required. */
  host: z.string().min(1).max(255).default('127.0.0.1'),
  port: Port.default(7300),
  /**
   * A name of the cell that is unique in the world: a host name. The origin of every log begins
   * with it, so it is chosen before the first start and kept for life.
   */
  'cell-name': z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])$/)
    .default('demo.sekisho.example'),
  /** A PostgreSQL to use instead of the embedded one. */
  'database-url': z.string().min(1).max(2000).optional(),
  /** The GGUF file of endpoints that name none. */
  'model-file': z.string().min(1).max(1000).optional(),
  /** File with the passphrase that seals the signing keys. */
  'passphrase-file': z.string().min(1).max(1000).optional(),
  'log-level': z.enum(logLevels).default('warn'),
  'tls-cert': z.string().min(1).max(1000).optional(),
  'tls-key': z.string().min(1).max(1000).optional(),
  /**
   * Who may read checkpoints, tiles and entries under `/ledger/`: `tenant`, holders of a key of the log's
   * tenant and of the admin key; `public`, anyone who reaches the listener.
   */
  'ledger-reading': z.enum(['tenant', 'public']).default('tenant'),
  /**
   * Who may read `/metrics`: `admin`, the holder of the admin key; `public`, anyone who reaches the listener, who then
   * learns the names of tenants and workspaces and how much each does.
   */
  'metrics-reading': z.enum(['admin', 'public']).default('admin'),
  ...ledgerSettings,
  /** Policy file (C2SP tlog-policy) that names the witnesses of the cell's log. */
  'witness-policy': z.string().min(1).max(1000).optional(),
  /** Start the demo platform when nothing has been applied yet. */
  demo: Switch.default(true),
});

export interface CellConfig {
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly cellName: string;
  readonly logLevel: LogLevel;
  readonly databaseUrl: string | undefined;
  readonly modelFile: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly ledger: LedgerConfig;
  readonly ledgerReading: 'tenant' | 'public';
  readonly metricsReading: 'admin' | 'public';
  readonly witnessPolicyFile: string | undefined;
  readonly demo: boolean;
  readonly language: Language;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const settingNames = Object.keys(Settings.shape);

/**
 * Reads flags (`--port 7300`), then environment (`SEKISHO_PORT`), then `$SEKISHO_HOME/config.yaml`.
 *
 * @throws SekishoError `invalid_request` with every bad setting
 */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): CellConfig {
  const flags = parseFlags(args);
  const home = resolve(flags['home'] ?? environment['SEKISHO_HOME'] ?? '.sekisho');
  const merged = Object.fromEntries(
    settingNames
      .map((name) => [name, flags[name] ?? environment[variableOf(name)]] as const)
      .filter(([, value]) => value !== undefined),
  );
  const parsed = Settings.safeParse({ ...readConfigFile(join(home, 'config.yaml')), ...merged });
  if (!parsed.success)
    throw new SekishoError('invalid_request', settingsTitle, { faults: faultsOf(parsed.error) });
  const settings = parsed.data;
  const tls = tlsFiles(settings['tls-cert'], settings['tls-key']);
  if (!LOOPBACK.has(settings.host) && tls === undefined) throw tlsRequired(settings.host);
  return {
    home,
    host: settings.host,
    port: settings.port,
    cellName: settings['cell-name'],
    logLevel: settings['log-level'],
    databaseUrl: settings['database-url'],
    modelFile: settings['model-file'],
    passphraseFile: settings['passphrase-file'],
    tls,
    ledger: ledgerConfig(settings),
    ledgerReading: settings['ledger-reading'],
    metricsReading: settings['metrics-reading'],
    witnessPolicyFile: settings['witness-policy'],
    demo: settings.demo,
    language: languageOf(environment),
  };
}

/** `SEKISHO_LANG`, else the locale of the terminal (POSIX: LC_ALL, LC_MESSAGES, LANG). */
export function languageOf(environment: NodeJS.ProcessEnv): Language {
  const locale =
    environment['SEKISHO_LANG'] ??
    (environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '');
  return locale.startsWith('ja') ? 'ja' : 'en';
}

const settingsTitle = { ja: '設定に誤りがあります。', en: 'The settings are not valid.' };

function parseFlags(args: readonly string[]): Readonly<Record<string, string | undefined>> {
  try {
    const { values } = parseArgs({
      args: args.flatMap(asPair),
      options: Object.fromEntries(
        ['home', ...settingNames].map((name) => [name, { type: 'string' }] as const),
      ),
    });
    return values;
  } catch (cause) {
    throw new SekishoError('invalid_request', cause instanceof Error ? cause.message : '');
  }
}

/** `--demo` and `--no-demo` stand for `--demo true` and `--demo false`. */
function asPair(argument: string): string[] {
  if (argument === '--demo') return ['--demo', 'true'];
  if (argument === '--no-demo') return ['--demo', 'false'];
  return [argument];
}

function variableOf(setting: string): string {
  return `SEKISHO_${setting.toUpperCase().replaceAll('-', '_')}`;
}

function readConfigFile(file: string): object {
  if (!existsSync(file)) return {};
  try {
    return z.record(z.string(), z.unknown()).parse(parseYaml(readFileSync(file, 'utf8')) ?? {});
  } catch (cause) {
    throw new SekishoError(
      'invalid_request',
      {
        ja: `設定ファイルを読めません: ${file}`,
        en: `The configuration file cannot be read: ${file}`,
      },
      { cause },
    );
  }
}

function tlsFiles(certFile: string | undefined, keyFile: string | undefined): CellConfig['tls'] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw new SekishoError('invalid_request', {
    ja: '--tls-cert と --tls-key は両方を指定してください。',
    en: 'Give both --tls-cert and --tls-key.',
  });
}

function tlsRequired(host: string): SekishoError {
  return new SekishoError('invalid_request', {
    ja: `${host} で待ち受けるには TLS が必要です。--tls-cert と --tls-key を指定してください。`,
    en: `Listening on ${host} needs TLS. Give --tls-cert and --tls-key.`,
  });
}
