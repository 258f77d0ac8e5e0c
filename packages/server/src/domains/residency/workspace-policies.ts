import { SekishoError, type Fault, type Platform, type Tenant, type Workspace } from '@sekisho/contract';
import { boundaryPolicies } from './boundary-policies.ts';
import { fillWorkspace } from './cedar-text.ts';
import type { PlaceTree, PolicyEngine, PolicyInspection, PolicyPreset } from './ports.ts';
import { inspectPreset, tenantPolicyFaults } from './tenant-policies.ts';

/** The policies of one workspace: its boundary, its presets and its tenant's own. */
export interface WorkspacePolicies {
  readonly tenant: Tenant;
  readonly workspace: Workspace;
  readonly cedar: string;
  /** Whether any of them reads the purpose; otherwise it does not change a decision. */
  readonly readsPurpose: boolean;
}

/**
 * The policies of every workspace, by `tenant/workspace`, and the places that they name.
 * Throws SekishoError `platform_invalid` with every fault.
 */
export function collectPolicies(input: {
  readonly platform: Platform;
  readonly places: PlaceTree;
  readonly presets: readonly PolicyPreset[];
  readonly engine: PolicyEngine;
}): { workspaces: Map<string, WorkspacePolicies>; mentionedPlaces: Set<string> } {
  const { platform, places, engine } = input;
  const faults: Fault[] = [];
  const workspaces = new Map<string, WorkspacePolicies>();
  const mentionedPlaces = new Set<string>();
  const presets = new Map(input.presets.map((preset) => [preset.name, preset]));
  const inspected = new Map<string, PolicyInspection>();

  const presetFor = (name: string, path: string): { cedar: string; readsPurpose: boolean } | undefined => {
    const preset = presets.get(name);
    if (preset === undefined) {
      faults.push({
        path,
        message: { ja: `プリセットがありません: ${name}`, en: `no such preset: ${name}` },
      });
      return undefined;
    }
    const known = inspected.get(name);
    if (known !== undefined) return { cedar: preset.cedar, readsPurpose: readsPurpose(known) };
    const { inspection, faults: found } = inspectPreset(preset, engine);
    for (const fault of found) {
      faults.push({
        path,
        message: {
          ja: `プリセット ${name} が正しくありません: ${fault}`,
          en: `preset ${name} is not valid: ${fault}`,
        },
      });
    }
    inspected.set(name, inspection);
    notePlaces(inspection, mentionedPlaces);
    return { cedar: preset.cedar, readsPurpose: readsPurpose(inspection) };
  };

  platform.tenants.forEach((tenant, tenantPosition) => {
    const path = `tenants.${tenantPosition}`;
    const own = tenant.policies === undefined ? undefined : engine.inspect(tenant.policies);
    if (own !== undefined) {
      faults.push(...tenantPolicyFaults(tenant, own, `${path}.policies`, platform, places));
      notePlaces(own, mentionedPlaces);
    }
    tenant.workspaces.forEach((workspace, position) => {
      const id = `${tenant.id}/${workspace.id}`;
      const chosen = [...new Set(workspace.presets)].map((name, presetPosition) =>
        presetFor(name, `${path}.workspaces.${position}.presets.${presetPosition}`),
      );
      const cedar = [
        boundaryPolicies({ tenant: tenant.id, ...workspace }, workspace.boundary, places),
        ...chosen.map((preset) => fillWorkspace(preset?.cedar ?? '', id)),
        tenant.policies ?? '',
      ].join('\n\n');
      const purposeMatters =
        chosen.some((preset) => preset?.readsPurpose === true) || (own !== undefined && readsPurpose(own));
      workspaces.set(id, { tenant, workspace, cedar, readsPurpose: purposeMatters });
    });
  });
  if (faults.length > 0) throw new SekishoError('platform_invalid', firstOf(faults), { faults });
  return { workspaces, mentionedPlaces };
}

function readsPurpose(inspection: PolicyInspection): boolean {
  return inspection.policies.some((policy) =>
    policy.contextReads.some((attribute) => attribute === 'purpose' || attribute === '*'),
  );
}

function notePlaces(inspection: PolicyInspection, into: Set<string>): void {
  for (const policy of inspection.policies) {
    for (const { type, id } of policy.mentions) if (type === 'Place') into.add(id);
  }
}

function firstOf(faults: readonly Fault[]): { ja: string; en: string } {
  const [first] = faults;
  if (first === undefined) return { ja: '', en: '' };
  return { ja: `${first.path}: ${first.message.ja}`, en: `${first.path}: ${first.message.en}` };
}
