import {
  actionOfCopy,
  Assurance,
  type Action,
  type Bilingual,
  type CopyPlacement,
  type CopyVerdict,
  type DataCopy,
  type Endpoint,
  type EndpointVerdict,
  type PolicyReason,
  type Site,
  type Workspace,
} from '@sekisho/contract';
import { allowedPlaces } from './boundary-policies.ts';
import type { AllowedTarget, ResidencyQuestion } from './policy.ts';
import type { PlaceTree, PolicyAuthorizer, PolicyVerdict } from './ports.ts';
import { assuranceOf, assuranceRank, workspaceReference } from './site-entities.ts';
import { clip, placeLabel, placeName, strayedPlace, wordOfCopy } from './wording.ts';

/** Denials that no policy stated. */
export const defaultDenials = {
  'default/no-permit': {
    ja: '許可するポリシーがありません',
    en: 'no policy permits it',
  },
  'default/unknown-workspace': {
    ja: 'この作業区画のポリシーがありません',
    en: 'there is no policy for this workspace',
  },
  'default/unknown-place': {
    ja: 'サイトの場所が登録にありません',
    en: 'the place of the site is not in the register',
  },
  'default/unknown-site': {
    ja: 'サイトが宣言されていません',
    en: 'the site is not declared',
  },
  'default/no-endpoint': {
    ja: '該当する提供先がありません',
    en: 'no endpoint serves it',
  },
  'default/evaluation-error': {
    ja: 'ポリシーを評価できませんでした',
    en: 'the policies could not be evaluated',
  },
} as const satisfies Record<string, Bilingual>;

export function defaultDenial(policy: keyof typeof defaultDenials): PolicyReason {
  return { policy, effect: 'default-deny', reason: defaultDenials[policy] };
}

/** What a judge needs besides the question. `authorizer` is undefined when there is no policy. */
export interface Bench {
  readonly workspace: Workspace | undefined;
  readonly authorizer: PolicyAuthorizer | undefined;
  readonly sites: ReadonlyMap<string, Site>;
  readonly places: PlaceTree;
}

export interface JudgedEndpoint {
  readonly verdict: EndpointVerdict;
  readonly target: AllowedTarget;
}

/**
 * Judges endpoints, every copy under its own action; an endpoint is allowed only when all of its
 * copies are. The action that was asked for judges the processing copy.
 */
export function judgeEndpoints(
  question: ResidencyQuestion,
  endpoints: readonly Endpoint[],
  bench: Bench,
): JudgedEndpoint[] {
  // Endpoints often share sites: within one judgement the same copy at the same site is asked once.
  const asked = new Map<string, CopyVerdict>();
  return endpoints.map((endpoint) => {
    const copies = endpoint.copies.map((copy) => {
      const key = `${copy.kind} ${copy.site}`;
      const verdict = asked.get(key) ?? judgeCopy(question, copy, bench);
      asked.set(key, verdict);
      return verdict;
    });
    return {
      verdict: {
        endpoint: endpoint.id,
        allowed: copies.every((copy) => copy.allowed),
        copies,
        summary: summaryOf(question.action, copies, bench),
      },
      target: targetOf(endpoint, bench.sites),
    };
  });
}

export function judgeCopy(question: ResidencyQuestion, copy: DataCopy, bench: Bench): CopyVerdict {
  const { places, sites, authorizer } = bench;
  const site = sites.get(copy.site);
  const place = site?.place ?? 'ZZ';
  const verdictOf = (allowed: boolean, reasons: PolicyReason[]): CopyVerdict => ({
    kind: copy.kind,
    site: copy.site,
    place,
    placeName: placeName(place, places),
    allowed,
    reasons,
  });
  if (site === undefined) return verdictOf(false, [defaultDenial('default/unknown-site')]);
  if (places.ancestors(place).length === 0) return verdictOf(false, [defaultDenial('default/unknown-place')]);
  if (authorizer === undefined) {
    const missing = bench.workspace === undefined ? 'default/unknown-workspace' : 'default/evaluation-error';
    return verdictOf(false, [defaultDenial(missing)]);
  }

  const answer = authorizer.authorize({
    principal: workspaceReference(question.tenant, question.workspace),
    action: { type: 'Action', id: actionFor(question.action, copy) },
    resource: { type: 'Site', id: copy.site },
    context: {
      dataClass: { type: 'DataClass', id: question.dataClass },
      purpose: question.purpose,
      copy: { type: 'CopyKind', id: copy.kind },
    },
  });
  return verdictOf(answer.allowed && answer.errors.length === 0, reasonsOf(answer));
}

function actionFor(asked: Action, copy: DataCopy): Action {
  return copy.kind === 'processing' ? asked : actionOfCopy[copy.kind];
}

function reasonsOf(answer: PolicyVerdict): PolicyReason[] {
  const reasons: PolicyReason[] = [...answer.determining];
  // Errors come first: they deny whatever the other policies say.
  if (answer.errors.length > 0) return [defaultDenial('default/evaluation-error'), ...reasons];
  return reasons.length > 0 ? reasons : [defaultDenial('default/no-permit')];
}

function targetOf(endpoint: Endpoint, sites: ReadonlyMap<string, Site>): AllowedTarget {
  const copies: CopyPlacement[] = [];
  let weakest = Assurance.options.length - 1;
  for (const { kind, site: id } of endpoint.copies) {
    const site = sites.get(id);
    if (site === undefined) continue;
    const { place, operator } = site;
    copies.push({ kind, site: id, place, operator: operator.name, operatorCountry: operator.country });
    weakest = Math.min(weakest, assuranceRank(assuranceOf(site)));
  }
  return { endpoint: endpoint.id, copies, assurance: Assurance.options[weakest] ?? 'declared' };
}

/** `backup in JP-01 (Hokkaido), site ishikari: backup is allowed only in JP-13 (Tokyo)`. */
function summaryOf(action: Action, copies: readonly CopyVerdict[], bench: Bench): Bilingual {
  const refused = copies.filter((copy) => !copy.allowed);
  const told = (refused.length > 0 ? refused : copies).map((copy) => whereOf(action, copy, bench));
  const ja = told.map((text) => text.ja).join('。');
  const en = told.map((text) => text.en).join('; ');
  return clip(
    refused.length > 0
      ? { ja, en }
      : { ja: `すべて境界の中です: ${ja}`, en: `all inside the boundary: ${en}` },
  );
}

function whereOf(action: Action, copy: CopyVerdict, { places, workspace }: Bench): Bilingual {
  const word = wordOfCopy(copy.kind, action);
  const allowed = workspace === undefined ? [] : allowedPlaces(workspace.boundary, actionFor(action, copy));
  const place = placeLabel(strayedPlace(copy.place, allowed, places), places);
  const where = {
    ja: `${word.ja}が ${place.ja}にあります（サイト ${copy.site}）`,
    en: `${word.en} in ${place.en}, site ${copy.site}`,
  };
  const why = copy.allowed ? undefined : foremost(copy.reasons)?.reason;
  return why === undefined ? where : { ja: `${where.ja}: ${why.ja}`, en: `${where.en}: ${why.en}` };
}

/** Where a copy is outside the boundary, that is the reason to tell; the others stand beside it. */
function foremost(reasons: readonly PolicyReason[]): PolicyReason | undefined {
  return reasons.find(({ policy }) => /^boundary\/.*\/(?:outside|unlisted)$/.test(policy)) ?? reasons[0];
}
