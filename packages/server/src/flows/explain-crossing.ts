import { SekishoError, type ExplainRequest, type Explanation } from '@sekisho/contract';
import type { z } from 'zod';
import type { PlatformInForce } from './platform-in-force.ts';

/** What policy would say of a crossing that nobody makes: nothing is carried or recorded. */
export function explainCrossing(
  platform: PlatformInForce,
  request: z.output<typeof ExplainRequest>,
): Explanation {
  const snapshot = platform.current;
  const name = `${request.tenant}/${request.workspace}`;
  const workspace = snapshot.workspaces.get(name);
  if (workspace === undefined) throw new SekishoError('not_found', name);
  const dataClass = request.dataClass ?? workspace.dataClasses[0];
  if (dataClass === undefined) throw new SekishoError('not_found', name);
  if (request.model !== undefined && !snapshot.upstreamModels.has(request.model)) {
    throw new SekishoError('model_not_found', request.model);
  }
  return snapshot.policy.explain({ ...request, dataClass });
}
