import { SekishoError, faultsOf } from '@sekisho/contract';
import { z } from 'zod';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Where the files of the logs are. Credentials are values: whoever reads the settings fetches them. */
export const S3TileSettings = z.strictObject({
  /** `https://s3.example.jp`, with a port if need be; plain `http` on loopback only. */
  endpoint: z
    .string()
    .max(300)
    .refine(isOrigin, 'https://host[:port] and nothing else; http on loopback only'),
  /** Part of the signature. A Ceph gateway takes its zone group, or `us-east-1`. */
  region: z.string().regex(/^[a-z0-9-]{1,63}$/),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  /** Before every key; empty, or ends in a slash. */
  prefix: z
    .string()
    .max(200)
    .regex(/^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*\/)*$/)
    .default(''),
  /** `endpoint/bucket/key`; otherwise `bucket.host/key`. */
  pathStyle: z.boolean().default(true),
  accessKeyId: z.string().min(1).max(256),
  secretAccessKey: z.string().min(1).max(256),
  sessionToken: z.string().min(1).max(8192).optional(),
});
export type S3TileSettings = z.input<typeof S3TileSettings>;
export type ParsedS3TileSettings = z.output<typeof S3TileSettings>;

/** @throws SekishoError `invalid_request` that names every bad field and no value */
export function parseS3TileSettings(settings: S3TileSettings): ParsedS3TileSettings {
  const parsed = S3TileSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new SekishoError(
    'invalid_request',
    {
      ja: 'オブジェクトストアの設定に誤りがあります。',
      en: 'The settings of the object store are not valid.',
    },
    { faults: faultsOf(parsed.error) },
  );
}

/** Bounds of everything that is asked of the store. */
export interface S3Limits {
  readonly connectMs: number;
  /** One attempt, from its first byte out to the last byte in. */
  readonly attemptMs: number;
  /** The first one included. */
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one up to 2 s, and up to twice that at random. */
  readonly backoffMs: number;
  /** Uploads at once, over all logs. */
  readonly uploadsAtOnce: number;
  /** Other requests at once, over all logs. */
  readonly readsAtOnce: number;
}

export const defaultS3Limits: S3Limits = {
  connectMs: 3000,
  attemptMs: 15_000,
  attempts: 4,
  backoffMs: 100,
  uploadsAtOnce: 16,
  readsAtOnce: 16,
};

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare = url.username + url.password + url.search + url.hash === '' && url.pathname === '/';
  return bare && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname)));
}
