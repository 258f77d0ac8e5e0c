import {
  BackupRequest,
  ErasurePlan,
  ErasurePlanRequest,
  ErasureRequest,
  ErasureResult,
  HoldList,
  LegalHold,
  MadeBackup,
  PlaceHoldRequest,
  ReleaseHoldRequest,
  RetentionQuery,
  RetentionReport,
  Slug,
  type ErasureSelection,
  type HoldScope,
} from '@sekisho/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { retentionAsCsv } from './csv.ts';
import { CSV_TYPE, wantsCsv } from './wants-csv.ts';

/** What these routes call. */
export interface RetentionFlows {
  readonly planErasure: (selection: ErasureSelection) => Promise<ErasurePlan>;
  readonly erase: (
    selection: ErasureSelection,
    reason: 'request' | 'contract-ended',
    by: string,
  ) => Promise<ErasureResult>;
  readonly placeHold: (tenant: string, hold: string, scope: HoldScope, by: string) => Promise<LegalHold>;
  readonly releaseHold: (tenant: string, hold: string, by: string) => Promise<LegalHold>;
  readonly holds: (tenant: string | undefined) => Promise<LegalHold[]>;
  readonly backUp: (folder: string, site: string | undefined) => Promise<MadeBackup>;
  readonly forgetBackup: (id: string) => Promise<void>;
  readonly report: (query: RetentionQuery) => Promise<RetentionReport>;
}

/** Ids of a thousand crossings. */
const SELECTION_BYTES_MAX = 64 * 1024;

/** What is kept, holds over it, and its erasure: a part of the administration API. */
export function retentionRoutes(
  server: FastifyInstance,
  flows: () => RetentionFlows,
  by: (request: FastifyRequest) => string,
): void {
  const api = server.withTypeProvider<ZodTypeProvider>();

  api.get(
    '/retention',
    { schema: { querystring: RetentionQuery, response: { 200: z.union([RetentionReport, z.string()]) } } },
    async (request, reply) => {
      const report = await flows().report(request.query);
      if (!wantsCsv(request)) return report;
      return reply.type(CSV_TYPE).send(retentionAsCsv(report));
    },
  );

  api.post(
    '/erasures/plan',
    {
      bodyLimit: SELECTION_BYTES_MAX,
      schema: { body: ErasurePlanRequest, response: { 200: ErasurePlan } },
    },
    (request) => flows().planErasure(request.body.selection),
  );
  api.post(
    '/erasures',
    { bodyLimit: SELECTION_BYTES_MAX, schema: { body: ErasureRequest, response: { 200: ErasureResult } } },
    (request) => flows().erase(request.body.selection, request.body.reason, by(request)),
  );

  api.post('/backups', { schema: { body: BackupRequest, response: { 200: MadeBackup } } }, (request) =>
    flows().backUp(request.body.folder, request.body.site),
  );
  api.post(
    '/backups/forget',
    { schema: { body: z.strictObject({ id: Slug }), response: { 200: z.strictObject({ id: Slug }) } } },
    async (request) => {
      await flows().forgetBackup(request.body.id);
      return { id: request.body.id };
    },
  );

  api.get(
    '/holds',
    {
      schema: { querystring: z.strictObject({ tenant: Slug.optional() }), response: { 200: HoldList } },
    },
    async (request) => ({ holds: await flows().holds(request.query.tenant) }),
  );
  api.post('/holds', { schema: { body: PlaceHoldRequest, response: { 200: LegalHold } } }, (request) => {
    const { tenant, hold, scope } = request.body;
    return flows().placeHold(tenant, hold, scope, by(request));
  });
  api.post(
    '/holds/release',
    { schema: { body: ReleaseHoldRequest, response: { 200: LegalHold } } },
    (request) => flows().releaseHold(request.body.tenant, request.body.hold, by(request)),
  );
}
