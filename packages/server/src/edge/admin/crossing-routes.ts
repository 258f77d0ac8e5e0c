import type { Readable } from 'node:stream';
import {
  CrossingId,
  CrossingList,
  CrossingQuery,
  CrossingRebuild,
  crossingSearchLimits,
  CrossingSummary,
  PayloadFindings,
  PayloadQuery,
  SekishoError,
} from '@sekisho/contract';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RebuildCrossings } from '../../flows/rebuild-crossings.ts';
import type { SearchCrossings } from '../../flows/search-crossings.ts';
import { askedListForm, exportStream, exportTypes } from '../crossing-export.ts';

export interface CrossingFlows {
  readonly crossings: SearchCrossings;
  readonly rebuildCrossings: RebuildCrossings;
}

/** Searches over crossings, and the rebuild of what they read. */
export function crossingRoutes(flows: CrossingFlows) {
  return async (server: FastifyInstance): Promise<void> => {
    const api = server.withTypeProvider<ZodTypeProvider>();

    api.get(
      '/crossings',
      { schema: { querystring: CrossingQuery, response: { 200: z.union([CrossingList, z.string()]) } } },
      async (request, reply) => {
        const form = askedListForm(request.headers.accept);
        if (form === 'json') return flows.crossings.list(request.query);
        const pages = await flows.crossings.export(request.query);
        sendStream(reply, exportTypes[form], exportStream(form, pages));
        return reply;
      },
    );
    api.get(
      '/crossings/:crossing',
      { schema: { params: z.strictObject({ crossing: CrossingId }), response: { 200: CrossingSummary } } },
      (request) => flows.crossings.get(request.params.crossing),
    );
    api.get('/crossings/rebuild', { schema: { response: { 200: CrossingRebuild } } }, () =>
      flows.rebuildCrossings.status(),
    );
    api.post('/crossings/rebuild', { schema: { response: { 200: CrossingRebuild } } }, () =>
      flows.rebuildCrossings.start(),
    );
    await server.register(payloadRoute(flows));
  };
}

/** The response schema, which is for the page, has no word for a stream. */
function sendStream(
  reply: { type(contentType: string): { send(payload: unknown): unknown } },
  contentType: string,
  stream: Readable,
): void {
  reply.type(contentType).send(stream);
}

/** The one route whose body is not JSON, in a context of its own: no other takes such a body. */
function payloadRoute(flows: CrossingFlows) {
  return async (server: FastifyInstance): Promise<void> => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer' },
      (_request, body, done: (error: Error | null, body: unknown) => void) => done(null, body),
    );
    server.addContentTypeParser('*', (_request, _body, done) =>
      done(new SekishoError('unsupported_media_type', 'application/octet-stream')),
    );
    server.withTypeProvider<ZodTypeProvider>().post(
      '/crossings/find-payload',
      {
        bodyLimit: crossingSearchLimits.payloadBytes,
        schema: {
          consumes: ['application/octet-stream'],
          querystring: PayloadQuery,
          body: Payload,
          response: { 200: PayloadFindings },
        },
      },
      (request) => flows.crossings.findPayload(request.query, request.body),
    );
  };
}

const Payload = z
  .custom<Buffer>((body) => Buffer.isBuffer(body), 'the bytes of a text')
  .meta({
    type: 'string',
    format: 'binary',
  });
