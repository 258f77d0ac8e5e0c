import type { DataCopy, Endpoint, Explanation, Platform, PolicyReason } from '@sekisho/contract';
import { BoundedMemo } from './bounded-memo.ts';
import {
  defaultDenial,
  judgeCopy,
  judgeEndpoints,
  type Bench,
  type JudgedEndpoint,
} from './judge-endpoint.ts';
import type { Decision, ResidencyPolicy, ResidencyQuestion } from './policy.ts';
import type { PlaceTree, PolicyAuthorizer } from './ports.ts';
import type { WorkspacePolicies } from './workspace-policies.ts';

/** Decisions remembered per revision. */
const DECISIONS_MAX = 10_000;
/** A ledger entry names at most this many policies. */
const POLICIES_NAMED_MAX = 100;

/** Answers questions from compiled policies. */
export function decideBy(compiled: {
  readonly platformRevision: number;
  readonly digest: string;
  readonly platform: Platform;
  readonly places: PlaceTree;
  readonly workspaces: ReadonlyMap<string, WorkspacePolicies>;
  /** May throw; then everything is denied. */
  authorizerOf(workspace: string, policies: WorkspacePolicies): PolicyAuthorizer;
}): ResidencyPolicy {
  const { platform, platformRevision, digest, places, workspaces } = compiled;
  const sites = new Map(platform.sites.map((site) => [site.id, site]));
  const byModel = endpointsByModel(platform);
  const memo = new BoundedMemo<Decision>(DECISIONS_MAX);
  const answers = { remembered: 0, judged: 0 };

  function judge(question: ResidencyQuestion): JudgedEndpoint[] {
    return judgeEndpoints(question, endpointsOf(question), benchFor(question));
  }

  function benchFor(question: ResidencyQuestion): Bench {
    const id = `${question.tenant}/${question.workspace}`;
    const policies = workspaces.get(id);
    return {
      workspace: policies?.workspace,
      authorizer: policies === undefined ? undefined : authorizerOrNone(id, policies),
      sites,
      places,
    };
  }

  function authorizerOrNone(id: string, policies: WorkspacePolicies): PolicyAuthorizer | undefined {
    try {
      return compiled.authorizerOf(id, policies);
    } catch {
      // Policies that cannot be compiled permit nothing.
      return undefined;
    }
  }

  /** As they are declared, and with what the cell itself keeps of the crossing: a copy as any other. */
  function endpointsOf(question: ResidencyQuestion): readonly Endpoint[] {
    const { model } = question;
    const serving = model === undefined ? platform.endpoints : (byModel.get(model) ?? []);
    const kept = keptCopy(question);
    return kept === undefined ? serving : serving.map((endpoint) => withCopy(endpoint, kept));
  }

  function keptCopy({ tenant, workspace, action, dataClass }: ResidencyQuestion): DataCopy | undefined {
    const retention = workspaces.get(`${tenant}/${workspace}`)?.workspace.retention;
    if (action !== 'process' || retention?.payloads[dataClass] === undefined) return undefined;
    // Where no site is declared for the cell, the copy is at no site: denied.
    return { kind: 'storage', site: platform.cell?.site ?? 'undeclared' };
  }

  return {
    platformRevision,
    digest,
    answers,

    decide(question) {
      const policies = workspaces.get(`${question.tenant}/${question.workspace}`);
      // Names that do not exist are the client's to invent: they must not push out real decisions.
      const isKnown = policies !== undefined && (question.model === undefined || byModel.has(question.model));
      if (!isKnown) {
        answers.judged++;
        return decisionOf(judge(question));
      }
      const key = memoKey(question, policies.readsPurpose);
      const remembered = memo.get(key);
      if (remembered !== undefined) {
        answers.remembered++;
        return remembered;
      }
      answers.judged++;
      const decision = decisionOf(judge(question));
      memo.set(key, decision);
      return decision;
    },

    judgeCopy: (question, copy) => judgeCopy(question, copy, benchFor(question)),

    explain(question): Explanation {
      const judged = judge(question);
      const endpoints = judged.map(({ verdict }) => verdict);
      return {
        decision: endpoints.some((endpoint) => endpoint.allowed) ? 'allow' : 'deny',
        platformRevision,
        policyDigest: digest,
        policies: policiesOf(judged),
        endpoints,
      };
    },
  };

  function decisionOf(judged: readonly JudgedEndpoint[]): Decision {
    const allowed = judged.filter(({ verdict }) => verdict.allowed);
    const decided = policiesOf(allowed.length > 0 ? allowed : judged);
    const policies = decided.slice(0, POLICIES_NAMED_MAX).map(({ policy }) => policy);
    const common = { policyDigest: digest, platformRevision, policies };
    return deepFreeze(
      allowed.length > 0
        ? { decision: 'allow', ...common, targets: allowed.map(({ target }) => target) }
        : { decision: 'deny', ...common, refused: judged.map(({ verdict }) => verdict) },
    );
  }
}

function withCopy(endpoint: Endpoint, copy: DataCopy): Endpoint {
  const isThere = endpoint.copies.some(({ kind, site }) => kind === copy.kind && site === copy.site);
  return isThere ? endpoint : { ...endpoint, copies: [...endpoint.copies, copy] };
}

/** Endpoints by the model that they serve, in the platform's order. */
function endpointsByModel(platform: Platform): ReadonlyMap<string, readonly Endpoint[]> {
  const byModel = new Map<string, Endpoint[]>();
  for (const endpoint of platform.endpoints) {
    for (const model of new Set(endpoint.models.map((served) => served.model))) {
      const serving = byModel.get(model);
      if (serving === undefined) byModel.set(model, [endpoint]);
      else serving.push(endpoint);
    }
  }
  return byModel;
}

/** The slugs and names in it cannot hold a line feed; the purpose comes last because it can. */
function memoKey(
  { tenant, workspace, action, dataClass, model, purpose }: ResidencyQuestion,
  readsPurpose: boolean,
): string {
  const key = `${tenant}/${workspace}\n${action}\n${dataClass}\n${model ?? ''}`;
  return readsPurpose ? `${key}\n${purpose}` : key;
}

/** Every policy that decided, once each, in the order of its id. */
function policiesOf(judged: readonly JudgedEndpoint[]): PolicyReason[] {
  if (judged.length === 0) return [defaultDenial('default/no-endpoint')];
  const byId = new Map<string, PolicyReason>();
  for (const { verdict } of judged) {
    for (const copy of verdict.copies) for (const reason of copy.reasons) byId.set(reason.policy, reason);
  }
  return [...byId.values()].toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
}

/** A remembered decision is shared by many crossings: none of them may change it for the others. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
