import {
  ApiKeySummary,
  ApplyRequest,
  ApplyResponse,
  CreatedKey,
  CreateKeyRequest,
  ExplainRequest,
  Explanation,
  KeyList,
  PlaceList,
  PlaceQuery,
  PlanRequest,
  PlanResponse,
  type Place,
  PlatformHistory,
  platformLimits,
  PlatformResponse,
  UsageQuery,
  UsageRebuild,
  UsageReport,
  WitnessList,
} from '@sekisho/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApplyPlatform } from '../../flows/apply-platform.ts';
import type { Authenticate } from '../../flows/authenticate.ts';
import { explainCrossing } from '../../flows/explain-crossing.ts';
import type { ManageApiKeys } from '../../flows/manage-api-keys.ts';
import type { PlatformInForce } from '../../flows/platform-in-force.ts';
import { crossingRoutes, type CrossingFlows } from './crossing-routes.ts';
import { logKeyRoutes, type LogKeyFlows } from './log-key-routes.ts';
import { usageAsCsv } from './csv.ts';
import { retentionRoutes, type RetentionFlows } from './retention-routes.ts';
import { CSV_TYPE, wantsCsv } from './wants-csv.ts';

/** What this edge calls. */
export interface AdminFlows extends CrossingFlows, LogKeyFlows {
  readonly applyPlatform: ApplyPlatform;
  readonly platform: PlatformInForce;
  readonly platformHistory: () => Promise<z.infer<typeof PlatformHistory>>;
  readonly apiKeys: ManageApiKeys;
  readonly usage: (query: UsageQuery) => Promise<UsageReport>;
  readonly rebuildUsage: () => Promise<UsageRebuild>;
  readonly places: (query: z.output<typeof PlaceQuery>) => Place[];
  readonly witnesses: () => WitnessList;
  readonly retention: RetentionFlows;
}

/** The administration API under `/admin/v1`, for the holder of the admin key. */
export function adminEdge(authenticate: Authenticate, flows: AdminFlows) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async (request) => {
      authenticate.operator(request.headers.authorization);
    });
    const by = (request: FastifyRequest): string => authenticate.operator(request.headers.authorization).name;
    const api = server.withTypeProvider<ZodTypeProvider>();

    api.post(
      '/platform/plan',
      {
        bodyLimit: BODY_BYTES_MAX,
        schema: { body: PlanRequest, response: { 200: PlanResponse } },
      },
      (request) => flows.applyPlatform.plan(request.body.platform),
    );
    api.post(
      '/platform/apply',
      {
        bodyLimit: BODY_BYTES_MAX,
        schema: { body: ApplyRequest, response: { 200: ApplyResponse } },
      },
      (request) => flows.applyPlatform.apply(request.body.platform, by(request), request.body.baseRevision),
    );
    api.get('/platform', { schema: { response: { 200: PlatformResponse } } }, async () => {
      const { revision, platform } = flows.platform.current.stored;
      return { revision, platform };
    });
    api.get('/platform/history', { schema: { response: { 200: PlatformHistory } } }, () =>
      flows.platformHistory(),
    );

    api.post(
      '/explain',
      { schema: { body: ExplainRequest, response: { 200: Explanation } } },
      async (request) => explainCrossing(flows.platform, request.body),
    );

    api.get('/keys', { schema: { response: { 200: KeyList } } }, async () => ({
      keys: flows.apiKeys.list(),
    }));
    api.post('/keys', { schema: { body: CreateKeyRequest, response: { 200: CreatedKey } } }, (request) =>
      flows.apiKeys.create(request.body, by(request)),
    );
    api.post(
      '/keys/:keyId/revoke',
      { schema: { params: z.strictObject({ keyId: z.string().max(64) }), response: { 200: ApiKeySummary } } },
      (request) => flows.apiKeys.revoke(request.params.keyId, by(request)),
    );

    api.get(
      '/usage',
      { schema: { querystring: UsageQuery, response: { 200: z.union([UsageReport, z.string()]) } } },
      async (request, reply) => {
        const report = await flows.usage(request.query);
        if (!wantsCsv(request)) return report;
        return reply.type(CSV_TYPE).send(usageAsCsv(report));
      },
    );
    api.post('/usage/rebuild', { schema: { response: { 200: UsageRebuild } } }, () => flows.rebuildUsage());

    await server.register(crossingRoutes(flows));
    await server.register(logKeyRoutes(flows, by));

    retentionRoutes(server, () => flows.retention, by);

    api.get('/witnesses', { schema: { response: { 200: WitnessList } } }, async () => flows.witnesses());

    api.get(
      '/places',
      { schema: { querystring: PlaceQuery, response: { 200: PlaceList } } },
      async (request) => ({
        places: flows.places(request.query),
      }),
    );
  };
}

/** A document at its limit, in JSON with every character escaped. */
const BODY_BYTES_MAX = 2 * platformLimits.documentBytes;
