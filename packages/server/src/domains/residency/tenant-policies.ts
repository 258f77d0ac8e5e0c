import { Bilingual, type Fault, type Platform, type Tenant } from '@sekisho/contract';
import { fillWorkspace } from './cedar-text.ts';
import type {
  EntityReference,
  PlaceTree,
  PolicyEngine,
  PolicyInspection,
  PolicyOutline,
  PolicyPreset,
} from './ports.ts';

/** More policies than a ledger entry can name do not help a reader either. */
const OWN_POLICIES_MAX = 50;
/** No slash: ids with one are those of boundaries and presets, which a tenant must not imitate. */
const OWN_ID = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;

/**
 * Everything wrong with a tenant's own policies. That they bind only this tenant does not rest on
 * these checks: its text is compiled into its own workspaces' authorizers and nowhere else.
 */
export function tenantPolicyFaults(
  tenant: Tenant,
  inspection: PolicyInspection,
  path: string,
  platform: Platform,
  places: PlaceTree,
): Fault[] {
  const faults: Fault[] = inspection.faults.map(({ policy, message }) =>
    faultOf(path, policy, { ja: `ポリシーが正しくありません: ${message}`, en: message }),
  );
  if (inspection.policies.length > OWN_POLICIES_MAX) {
    faults.push(
      faultOf(path, '', {
        ja: `ポリシーは${OWN_POLICIES_MAX}件までです`,
        en: `at most ${OWN_POLICIES_MAX} policies`,
      }),
    );
  }
  const seen = new Set<string>();
  const sites = new Set(platform.sites.map((site) => site.id));
  inspection.policies.forEach((policy, position) => {
    const name = policy.id ?? `#${position + 1}`;
    for (const message of identityFaults(policy, seen)) faults.push(faultOf(path, name, message));
    for (const reference of policy.mentions) {
      const message = reachFault(reference, tenant, sites, places);
      if (message !== undefined) faults.push(faultOf(path, name, message));
    }
  });
  return faults;
}

/** Faults of a preset as the pack offers it, tried with a workspace in place of its blank. */
export function inspectPreset(
  preset: PolicyPreset,
  engine: PolicyEngine,
): { readonly inspection: PolicyInspection; readonly faults: readonly string[] } {
  const inspection = engine.inspect(fillWorkspace(preset.cedar, 'tenant/workspace'));
  const faults = inspection.faults.map((fault) => `${fault.policy}: ${fault.message}`);
  const seen = new Set<string>();
  for (const policy of inspection.policies) {
    const id = policy.id ?? '';
    // Under the preset's own name, so that presets used together never share an id.
    if (!id.startsWith(`${preset.name}/`) || seen.has(id)) faults.push(`"${id}" is not an @id of its own`);
    if (reasonOf(policy) === undefined) faults.push(`${id}: @reason_ja and @reason_en are missing`);
    // A preset tightens. What a boundary allows is for the workspace to declare.
    if (policy.effect !== 'forbid' || policy.isTemplate) faults.push(`${id}: a preset only forbids`);
    seen.add(id);
  }
  return { inspection, faults };
}

function identityFaults(policy: PolicyOutline, seen: Set<string>): Bilingual[] {
  const faults: Bilingual[] = [];
  if (policy.isTemplate) {
    faults.push({ ja: 'テンプレートは使えません', en: 'templates with slots are not supported' });
  }
  if (policy.id === undefined || !OWN_ID.test(policy.id)) {
    faults.push({
      ja: '@id を英小文字・数字・ハイフン（48文字以内）で付けてください',
      en: 'give it an @id of lower-case letters, digits and hyphens, at most 48',
    });
  } else if (seen.has(policy.id)) {
    faults.push({ ja: '@id が重複しています', en: 'the @id is used twice' });
  }
  if (policy.id !== undefined) seen.add(policy.id);
  if (reasonOf(policy) === undefined) {
    faults.push({
      ja: '@reason_ja と @reason_en（各500文字以内）を付けてください',
      en: 'give it @reason_ja and @reason_en, at most 500 characters each',
    });
  }
  return faults;
}

/** A name that does not exist makes a policy that never applies: for a forbid, an open door. */
function reachFault(
  { type, id }: EntityReference,
  tenant: Tenant,
  sites: ReadonlySet<string>,
  places: PlaceTree,
): Bilingual | undefined {
  const named = `${type}::${JSON.stringify(id)}`;
  switch (type) {
    case 'Tenant':
      if (id === tenant.id) return undefined;
      return { ja: `ほかのテナントを参照しています: ${named}`, en: `reaches outside the tenant: ${named}` };
    case 'Workspace':
      if (tenant.workspaces.some((workspace) => `${tenant.id}/${workspace.id}` === id)) return undefined;
      return {
        ja: `このテナントの作業区画ではありません: ${named}`,
        en: `is not a workspace of this tenant: ${named}`,
      };
    case 'Site':
      return sites.has(id) ? undefined : { ja: `サイトがありません: ${named}`, en: `no such site: ${named}` };
    case 'Place':
      if (places.ancestors(id).length > 0) return undefined;
      return { ja: `場所がありません: ${named}`, en: `no such place: ${named}` };
    default:
      // Actions, data classes and kinds of copy are closed sets of the schema.
      return undefined;
  }
}

function reasonOf({ annotations }: PolicyOutline): Bilingual | undefined {
  return Bilingual.safeParse({ ja: annotations['reason_ja'], en: annotations['reason_en'] }).data;
}

function faultOf(path: string, policy: string, message: Bilingual): Fault {
  if (policy === '') return { path, message };
  return { path, message: { ja: `${policy}: ${message.ja}`, en: `${policy}: ${message.en}` } };
}
