import { Action, type Boundary, type DataClass } from '@sekisho/contract';
import { entityLiteral, policyText, setLiteral, stringLiteral } from './cedar-text.ts';
import type { PlaceTree } from './ports.ts';
import { assuranceRank } from './site-entities.ts';
import { actionWords, clip, placeList } from './wording.ts';

/**
 * A declared boundary as Cedar text. Each action has a permit inside its places and a forbid
 * outside them: the permit alone would only be a default, and any other permit could widen it,
 * whereas a forbid always wins. So nothing that is added to these policies can open the boundary.
 */
export function boundaryPolicies(
  workspace: { readonly tenant: string; readonly id: string; readonly dataClasses: readonly DataClass[] },
  boundary: Boundary,
  places: PlaceTree,
): string {
  const principal = `principal == ${entityLiteral('Workspace', `${workspace.tenant}/${workspace.id}`)}`;
  const prefix = `boundary/${workspace.tenant}/${workspace.id}`;
  return [
    ...Action.options.flatMap((action) => actionPolicies(action, boundary, places, principal, prefix)),
    ...conditionPolicies(workspace.dataClasses, boundary, `${principal}, action, resource`, prefix),
  ].join('\n\n');
}

function actionPolicies(
  action: Action,
  boundary: Boundary,
  places: PlaceTree,
  principal: string,
  prefix: string,
): string[] {
  const scope = `${principal}, action == ${entityLiteral('Action', action)}, resource`;
  const word = actionWords[action];
  const allowed = allowedPlaces(boundary, action);
  if (allowed.length === 0) {
    return [
      policyText({
        id: `${prefix}/${action}/unlisted`,
        reason: {
          ja: `境界に${word.ja}の場所がないため、どこでも許可されません`,
          en: `the boundary lists no place for ${word.en}, so it is allowed nowhere`,
        },
        effect: 'forbid',
        scope,
      }),
    ];
  }
  const inside = `resource in ${setLiteral(allowed.map((code) => entityLiteral('Place', code)))}`;
  const named = placeList(allowed, places);
  return [
    policyText({
      id: `${prefix}/${action}`,
      reason: clip({
        ja: `${word.ja}は ${named.ja} の中で許可されています`,
        en: `${word.en} is allowed in ${named.en}`,
      }),
      effect: 'permit',
      scope,
      condition: `when { ${inside} }`,
    }),
    policyText({
      id: `${prefix}/${action}/outside`,
      reason: clip({
        ja: `${word.ja}が許可されるのは ${named.ja} の中だけです`,
        en: `${word.en} is allowed only in ${named.en}`,
      }),
      effect: 'forbid',
      scope,
      condition: `unless { ${inside} }`,
    }),
  ];
}

function conditionPolicies(
  dataClasses: readonly DataClass[],
  boundary: Boundary,
  scope: string,
  prefix: string,
): string[] {
  const classes = unique(dataClasses);
  const policies = [
    policyText({
      id: `${prefix}/data-classes`,
      reason: {
        ja: `この作業区画で使えるデータ区分は ${classes.join('、')} だけです`,
        en: `this workspace may use only data of class ${classes.join(', ')}`,
      },
      effect: 'forbid',
      scope,
      condition: `unless { context.dataClass in ${setLiteral(classes.map((name) => entityLiteral('DataClass', name)))} }`,
    }),
  ];
  if (boundary.operatorCountries !== undefined) {
    const countries = unique(boundary.operatorCountries);
    policies.push(
      policyText({
        id: `${prefix}/operator-countries`,
        reason: clip({
          ja: `運営事業者の国は ${countries.join('、')} でなければなりません`,
          en: `the operator of the site must be of ${countries.join(' or ')}`,
        }),
        effect: 'forbid',
        scope,
        condition: `unless { ${setLiteral(countries.map(stringLiteral))}.contains(resource.operatorCountry) }`,
      }),
    );
  }
  if (boundary.requiredCertifications.length > 0) {
    const required = unique(boundary.requiredCertifications);
    policies.push(
      policyText({
        id: `${prefix}/certifications`,
        reason: clip({
          ja: `サイトに次の認証が必要です: ${required.join('、')}`,
          en: `the site must hold these certificates: ${required.join(', ')}`,
        }),
        effect: 'forbid',
        scope,
        condition: `unless { resource.certifications.containsAll(${setLiteral(required.map(stringLiteral))}) }`,
      }),
    );
  }
  const rank = assuranceRank(boundary.minimumAssurance);
  if (rank > 0) {
    policies.push(
      policyText({
        id: `${prefix}/assurance`,
        reason: {
          ja: `場所の保証は ${boundary.minimumAssurance} 以上でなければなりません`,
          en: `the place must be shown at least at assurance ${boundary.minimumAssurance}`,
        },
        effect: 'forbid',
        scope,
        condition: `when { resource.assurance < ${rank} }`,
      }),
    );
  }
  return policies;
}

/** Sorted and without repetition, so that the same boundary always gives the same text and digest. */
export function allowedPlaces(boundary: Boundary, action: Action): readonly string[] {
  return unique(boundary.allow[action] ?? []);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
