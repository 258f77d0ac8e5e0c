import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { expositionTypes, type ExpositionFormat, type Metrics } from '../base/metrics.ts';
import type { Authenticate } from '../flows/authenticate.ts';

/**
 * `GET /metrics`, for the holder of the admin key unless `reading` is `public`: its labels name tenants and
 * workspaces, and its numbers say how much each of them does.
 */
export function metricsEdge(
  authenticate: Pick<Authenticate, 'operator'>,
  exposition: (format: ExpositionFormat) => Promise<string>,
  reading: 'admin' | 'public',
): (server: FastifyInstance) => Promise<void> {
  return async (server) => {
    server.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      if (reading === 'admin') authenticate.operator(request.headers.authorization);
      const format = wantedFormat(request.headers.accept);
      return reply
        .type(expositionTypes[format])
        .headers({
          'cache-control': 'no-store',
          vary: 'accept, authorization',
          'x-content-type-options': 'nosniff',
        })
        .send(await exposition(format));
    });
  };
}

/** OpenMetrics for whoever names it with more than no weight; scrapers that know it name it first. */
export function wantedFormat(accept: string | undefined): ExpositionFormat {
  for (const range of (accept ?? '').slice(0, 1000).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/openmetrics-text' || parameters.some((one) => /^q=0(\.0*)?$/.test(one)))
      continue;
    const version = parameters.find((one) => one.startsWith('version='));
    if (version === undefined || version === 'version=1.0.0') return 'openmetrics';
  }
  return 'prometheus';
}

/** Bounds that the semantic conventions advise for `http.server.request.duration`. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ROUTES = ['/v1/', '/openai/', '/admin/', '/ledger/', '/metrics', '/healthz', '/readyz'];

/**
 * Counts every answer of a listener, also those that are no crossing: a wrong key, a body that is no request. A path is
 * told by its beginning alone, since clients invent paths.
 */
export function observeAnswers(
  metrics: Metrics,
  clock: Clock,
): (request: IncomingMessage, response: ServerResponse) => void {
  const family = metrics.histogram(
    {
      name: 'http_server_request_duration_seconds',
      help: 'From the head of a request to the end of its answer. Status 499: the client left without one.',
      unit: 'seconds',
      labels: ['http_request_method', 'http_route', 'http_response_status_code'],
    },
    BOUNDS,
  );
  return (request, response) => {
    const beganMs = clock.monotonicMs();
    response.once('close', () => {
      const { method = '', url = '' } = request;
      const route = ROUTES.find((start) => url.startsWith(start)) ?? '/';
      const status = response.headersSent ? String(response.statusCode) : '499';
      family
        .of(METHODS.has(method) ? method : '_OTHER', route, status)
        .observe((clock.monotonicMs() - beganMs) / 1000);
    });
  };
}
