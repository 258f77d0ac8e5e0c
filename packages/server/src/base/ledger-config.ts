import { SekishoError, type Fault } from '@sekisho/contract';
import { z } from 'zod';

/** Where the cell keeps its ledger: on this machine, or shared between replicas. */
export const ledgerSettings = {
  /** `files`: in the home of the one process. `shared`: in the database, tiles in a bucket or folder of all replicas. */
  'ledger-storage': z.enum(['files', 'shared']).default('files'),
  /** `https://s3.example.jp/bucket/prefix/`: an S3 server, the bucket and what stands before each key. */
  'ledger-bucket': z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
  'ledger-region': z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .default('us-east-1'),
  /** JSON file with `accessKeyId` and `secretAccessKey`; without it `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  'ledger-credentials': z.string().min(1).max(1000).optional(),
  /** Instead of a bucket: a folder that every replica mounts. */
  'ledger-folder': z.string().min(1).max(1000).optional(),
  /** The sealed signing keys: a folder that every replica mounts. */
  'keys-folder': z.string().min(1).max(1000).optional(),
} as const;

export interface BucketConfig {
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly credentialsFile: string | undefined;
}

export type LedgerConfig =
  | { readonly storage: 'files' }
  | {
      readonly storage: 'shared';
      readonly tiles: { readonly folder: string } | BucketConfig;
      readonly keysFolder: string;
      readonly passphraseFile: string;
    };

type Given = z.output<z.ZodObject<typeof ledgerSettings>> & {
  readonly 'database-url'?: string | undefined;
  readonly 'passphrase-file'?: string | undefined;
};

/** @throws SekishoError `invalid_request` with every setting that is missing or does not fit the others */
export function ledgerConfig(given: Given): LedgerConfig {
  if (given['ledger-storage'] === 'files') return { storage: 'files' };
  const faults: Fault[] = [];
  const need = (setting: 'database-url' | 'keys-folder' | 'passphrase-file'): string => {
    const value = given[setting];
    if (value === undefined) faults.push(needed(setting));
    return value ?? '';
  };
  need('database-url');
  const shared = { keysFolder: need('keys-folder'), passphraseFile: need('passphrase-file') };
  const { 'ledger-bucket': bucket, 'ledger-folder': folder } = given;
  if ((bucket === undefined) === (folder === undefined)) faults.push(needed('ledger-bucket'));
  const parts = bucket === undefined ? undefined : bucketParts(bucket);
  if (bucket !== undefined && parts === undefined) faults.push(needed('ledger-bucket'));
  if (faults.length > 0) throw new SekishoError('invalid_request', sharedTitle, { faults });
  if (folder !== undefined) return { storage: 'shared', tiles: { folder }, ...shared };
  const tiles = {
    ...(parts ?? { endpoint: '', bucket: '', prefix: '' }),
    region: given['ledger-region'],
    credentialsFile: given['ledger-credentials'],
  };
  return { storage: 'shared', tiles, ...shared };
}

/** Undefined for a URL with a user, a query or no bucket. */
function bucketParts(text: string): { endpoint: string; bucket: string; prefix: string } | undefined {
  const url = new URL(text);
  const [, bucket, prefix = ''] = /^\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? [];
  if (bucket === undefined || url.username + url.password + url.search + url.hash !== '') return undefined;
  return { endpoint: url.origin, bucket, prefix: prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/` };
}

const sharedTitle = {
  ja: 'ledger-storage: shared には database-url、keys-folder、passphrase-file と、ledger-bucket か ledger-folder のどちらか一方が必要です。',
  en: 'ledger-storage: shared needs database-url, keys-folder, passphrase-file and either ledger-bucket or ledger-folder.',
};

function needed(setting: string): Fault {
  return { path: setting, message: sharedTitle };
}
