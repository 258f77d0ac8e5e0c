import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SekishoError } from '@sekisho/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Authenticate } from '../../flows/authenticate.ts';
import type { LogFile, LogReader } from '../../flows/read-log-file.ts';
import { acceptsGzip, matchesEtag } from './conditional-request.ts';

/** What this edge calls. */
interface LedgerFlows {
  readonly readLogFile: (reader: LogReader, log: string, path: string) => Promise<LogFile>;
}

/**
 * `/ledger/{log}/checkpoint` and `/ledger/{log}/tile/...`: each log as C2SP tlog-tiles, under the prefix
 * `/ledger/{log}`. Only the exact spelling of a path is answered; query parameters are refused.
 */
export function ledgerEdge(
  authenticate: Authenticate,
  flows: LedgerFlows,
  reading: 'tenant' | 'public',
): (server: FastifyInstance) => Promise<void> {
  // What needs a key must not lie in a cache that others share: `public` would allow just that (RFC 9111 section 3.5).
  const sharing = reading === 'public' ? 'public' : 'private';
  const vary = reading === 'public' ? [] : ['authorization'];

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // First of all, so that nobody without a key learns which logs there are.
    const reader = reading === 'public' ? 'anyone' : authenticate.bearer(request.headers.authorization);
    const [, log, path] = /^\/ledger\/([^/]+)\/([^?]+)$/.exec(request.url) ?? [];
    if (log === undefined || path === undefined) {
      throw new SekishoError('not_found', request.url.slice(0, 200));
    }
    const { kind, bytes } = await flows.readLogFile(reader, log, path);
    void reply.header('x-content-type-options', 'nosniff');
    if (kind === 'checkpoint') {
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
      void reply.headers({ 'cache-control': `${sharing}, no-cache`, etag, ...varyBy(vary) });
      if (matchesEtag(request.headers['if-none-match'], etag)) return reply.status(304).send();
      return reply.type('text/plain; charset=utf-8').send(Buffer.from(bytes));
    }
    void reply
      .type('application/octet-stream')
      .header('cache-control', `${sharing}, max-age=31536000, immutable`);
    if (kind === 'tile') return reply.headers(varyBy(vary)).send(Buffer.from(bytes));
    void reply.headers(varyBy([...vary, 'accept-encoding']));
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(Buffer.from(bytes));
    return reply.header('content-encoding', 'gzip').send(await compress(bytes));
  };

  return async (server) => {
    // GET also answers HEAD.
    server.get('/ledger/*', { schema: { hide: true, querystring: z.strictObject({}) } }, answer);
  };
}

function varyBy(headers: readonly string[]): Record<string, string> {
  return headers.length === 0 ? {} : { vary: headers.join(', ') };
}

const gzipped = promisify<Uint8Array, { readonly level: number }, Buffer>(gzip);

/** Off the main thread. Entries are largely hashes: more effort than the least gains little. */
async function compress(bytes: Uint8Array): Promise<Buffer> {
  return gzipped(bytes, { level: 1 });
}
