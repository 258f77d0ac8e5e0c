import {
  AffectedCrossings,
  AffectedQuery,
  CompromisedLogKey,
  LogKeyList,
  LogKeySummary,
  RetireLogKey,
  RotateLogKey,
  Slug,
} from '@sekisho/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RotateLogKeys } from '../../flows/rotate-log-key.ts';

export interface LogKeyFlows {
  readonly logKeys: RotateLogKeys;
  readonly affectedCrossings: (log: string, query: AffectedQuery) => Promise<AffectedCrossings>;
}

const OfLog = z.strictObject({ log: Slug });

/** The keys that sign the cell's logs. */
export function logKeyRoutes(flows: LogKeyFlows, by: (request: FastifyRequest) => string) {
  return async (server: FastifyInstance): Promise<void> => {
    const api = server.withTypeProvider<ZodTypeProvider>();
    const answer = { 200: LogKeySummary };

    api.get('/log-keys', { schema: { response: { 200: LogKeyList } } }, () => flows.logKeys.list());
    api.post(
      '/log-keys/:log/rotate',
      { schema: { params: OfLog, body: RotateLogKey, response: answer } },
      (request) => flows.logKeys.rotate(request.params.log, by(request)),
    );
    api.post(
      '/log-keys/:log/retire',
      { schema: { params: OfLog, body: RetireLogKey, response: answer } },
      (request) => flows.logKeys.retire(request.params.log, request.body, by(request)),
    );
    api.post(
      '/log-keys/:log/compromised',
      { schema: { params: OfLog, body: CompromisedLogKey, response: answer } },
      (request) => flows.logKeys.compromised(request.params.log, request.body, by(request)),
    );
    api.get(
      '/log-keys/:log/affected',
      { schema: { params: OfLog, querystring: AffectedQuery, response: { 200: AffectedCrossings } } },
      (request) => flows.affectedCrossings(request.params.log, request.query),
    );
  };
}
