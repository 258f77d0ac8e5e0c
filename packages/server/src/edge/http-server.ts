import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { faultsOf, SekishoError } from '@sekisho/contract';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { jsonSchemaTransform, serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { toSekishoError } from './failure.ts';
import type { InferenceEdge } from './inference/inference-edge.ts';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** How long a client may take to send its headers. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;

/**
 * One listener: the inference edges answer on the bare server, since routing and hooks would cost
 * more than the cell's own work; everything else is Fastify's.
 */
export async function createCellServer(parts: {
  /** The first that handles a request answers it. */
  readonly inference: readonly InferenceEdge[];
  readonly adminRoutes: (server: FastifyInstance) => Promise<void>;
  readonly publicRoutes: (server: FastifyInstance) => Promise<void>;
  readonly ledgerRoutes: (server: FastifyInstance) => Promise<void>;
  readonly metricsRoutes?: (server: FastifyInstance) => Promise<void>;
  readonly tls: TlsFiles | undefined;
  /** Sees every request before it is handled. */
  readonly observe?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly log: Log;
  readonly random: Random;
}): Promise<FastifyInstance> {
  const { inference, log, random, tls, observe } = parts;
  const refuse = (thrown: unknown, reply: FastifyReply): void => {
    const error = toSekishoError(fromFastify(thrown), log, random);
    void reply.status(error.status).send(adminError(error));
  };
  const fastify = Fastify({
    // Fastify's types name the plain server; an https server has the same events and methods.
    serverFactory: (handler): Server => {
      const listener = (request: IncomingMessage, response: ServerResponse): void => {
        observe?.(request, response);
        const edge = inference.find((one) => one.handles(request));
        if (edge !== undefined) void edge.handle(request, response);
        else handler(request, response);
      };
      return tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
    },
    // Thrown before any handler is found: a malformed path, a parameter that is too long.
    frameworkErrors: (thrown, _request, reply) => refuse(thrown, reply),
    bodyLimit: 64 * 1024,
    requestTimeout: REQUEST_TIMEOUT_MS,
  });
  fastify.server.headersTimeout = HEADERS_TIMEOUT_MS;
  fastify.setValidatorCompiler<z.ZodType>(({ schema }) => (input: unknown) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return { value: parsed.data };
    return { error: new SekishoError('invalid_request', '', { faults: faultsOf(parsed.error) }) };
  });
  fastify.setSerializerCompiler(serializerCompiler);

  fastify.setErrorHandler((thrown: unknown, _request, reply) => refuse(thrown, reply));
  fastify.setNotFoundHandler((request, reply) => {
    const error = new SekishoError('not_found', `${request.method} ${request.url.slice(0, 200)}`);
    void reply.status(error.status).send(adminError(error));
  });

  await fastify.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sekisho administration API', version: '1' },
      components: { securitySchemes: { adminKey: { type: 'http', scheme: 'bearer' } } },
      security: [{ adminKey: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await fastify.register(parts.publicRoutes);
  if (parts.metricsRoutes !== undefined) await fastify.register(parts.metricsRoutes);
  await fastify.register(parts.ledgerRoutes);
  await fastify.register(parts.adminRoutes, { prefix: '/admin/v1' });
  return fastify;
}

/** The error body outside the inference edge: both languages, every fault with its path. */
function adminError(error: SekishoError): unknown {
  return {
    error: {
      code: error.code,
      message: { ja: error.messageIn('ja'), en: error.messageIn('en') },
      faults: error.faults,
    },
  };
}

const FastifyError = z.object({ statusCode: z.int(), code: z.string(), message: z.string() });

/** Fastify's own refusals become codes of ours; anything else stays unexpected. */
function fromFastify(thrown: unknown): unknown {
  const known = FastifyError.safeParse(thrown);
  if (!known.success || thrown instanceof SekishoError) return thrown;
  if (known.data.statusCode === 413) return new SekishoError('request_too_large', known.data.code);
  if (known.data.statusCode === 415) return new SekishoError('unsupported_media_type', 'application/json');
  if (known.data.statusCode < 500) return new SekishoError('invalid_request', known.data.message);
  return thrown;
}
