import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { renderConsolePage, type ConsoleFacts } from './console/console-page.ts';
import { preferredLanguage } from './language.ts';

/** What anyone may see without a key. */
export interface PublicFacts {
  readonly console: () => ConsoleFacts;
  /** Verifier keys of all logs, one a line, with comments: the `cell.vkey` file. */
  readonly verifierKeys: () => string;
  readonly ready: () => { readonly ready: boolean; readonly platformRevision: number };
}

const Readiness = z.strictObject({ ready: z.boolean(), platformRevision: z.int() });

export function publicRoutes(facts: PublicFacts) {
  return async (server: FastifyInstance): Promise<void> => {
    const api = server.withTypeProvider<ZodTypeProvider>();
    api.get(
      '/healthz',
      { schema: { response: { 200: z.strictObject({ status: z.literal('ok') }) } } },
      async () => ({
        status: 'ok' as const,
      }),
    );
    api.get(
      '/readyz',
      { schema: { response: { 200: Readiness, 503: Readiness } } },
      async (_request, reply) => {
        const state = facts.ready();
        return reply.status(state.ready ? 200 : 503).send(state);
      },
    );
    api.get(
      '/',
      { schema: { hide: true, querystring: z.strictObject({ lang: z.enum(['ja', 'en']).optional() }) } },
      (request, reply) => {
        const language = request.query.lang ?? preferredLanguage(request.headers['accept-language']);
        return reply
          .type('text/html; charset=utf-8')
          .headers(PAGE_HEADERS)
          .send(renderConsolePage(facts.console(), language));
      },
    );
    server.get('/ledger/cell.vkey', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(facts.verifierKeys()),
    );
    server.get('/admin/v1/openapi.json', { schema: { hide: true } }, async () => server.swagger());
  };
}

/** The page has no scripts and loads nothing. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  vary: 'accept-language',
};
