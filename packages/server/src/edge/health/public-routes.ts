import { z } from 'zod';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

/** What anyone may see without a key. */
export interface PublicFacts {
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
    server.get('/ledger/cell.vkey', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(facts.verifierKeys()),
    );
    server.get('/admin/v1/openapi.json', { schema: { hide: true } }, async () => server.swagger());
  };
}
