import type { Principal } from '../domains/identity/index.ts';
import type { PlatformInForce } from './platform-in-force.ts';

/** Models that this principal's boundary lets it use, by name; an operator sees all. */
export function listModels(platform: PlatformInForce, principal: Principal): string[] {
  const snapshot = platform.current;
  const models = [...snapshot.upstreamModels.keys()].sort();
  if (principal.kind === 'operator') return models;
  const { tenant, workspace } = principal;
  const dataClass = snapshot.workspaces.get(`${tenant}/${workspace}`)?.dataClasses[0];
  if (dataClass === undefined) return [];
  const question = { tenant, workspace, action: 'process', dataClass, purpose: 'inference' } as const;
  return models.filter((model) => snapshot.policy.decide({ ...question, model }).decision === 'allow');
}
