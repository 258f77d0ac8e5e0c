import { Assurance, type Platform, type Site } from '@sekisho/contract';
import type { EntityReference, PlaceTree, PolicyEntity } from './ports.ts';

/**
 * Everything that a policy of this platform may ask about: sites, the places around them, tenants
 * and their workspaces. `mentioned` are places that policies name though no site lies there.
 */
export function policyEntities(
  platform: Platform,
  places: PlaceTree,
  mentioned: Iterable<string>,
): readonly PolicyEntity[] {
  const codes = new Set([...platform.sites.map((site) => site.place), ...mentioned]);
  return [
    ...placeEntities(codes, places),
    ...platform.sites.map((site) => siteEntity(site, places)),
    ...platform.tenants.flatMap((tenant) => [
      { reference: { type: 'Tenant', id: tenant.id }, attributes: {}, parents: [] },
      ...tenant.workspaces.map((workspace) => ({
        reference: workspaceReference(tenant.id, workspace.id),
        attributes: {},
        parents: [{ type: 'Tenant', id: tenant.id }],
      })),
    ]),
  ];
}

export function workspaceReference(tenant: string, workspace: string): EntityReference {
  return { type: 'Workspace', id: `${tenant}/${workspace}` };
}

/**
 * What the cell holds evidence for. A site that says it could attest has not attested, so without
 * verified evidence every site is `declared`.
 */
export function assuranceOf(_site: Site): Assurance {
  return 'declared';
}

/** 0 for the weakest. */
export function assuranceRank(assurance: Assurance): number {
  return Assurance.options.indexOf(assurance);
}

function siteEntity(site: Site, places: PlaceTree): PolicyEntity {
  // A site in an unknown place lies nowhere: no boundary holds it.
  const known = places.ancestors(site.place).length > 0;
  return {
    reference: { type: 'Site', id: site.id },
    attributes: {
      operatorCountry: site.operator.country,
      certifications: [...new Set(site.certifications)].sort(),
      attestation: [...new Set(site.attestation)].sort(),
      assurance: assuranceRank(assuranceOf(site)),
    },
    parents: known ? [{ type: 'Place', id: site.place }] : [],
  };
}

function placeEntities(codes: Iterable<string>, places: PlaceTree): PolicyEntity[] {
  const parents = new Map<string, string | undefined>();
  for (const code of codes) {
    const chain = places.ancestors(code);
    chain.forEach((place, position) => parents.set(place, chain[position + 1]));
  }
  return [...parents].toSorted(byCode).map(([code, parent]) => ({
    reference: { type: 'Place', id: code },
    attributes: {},
    parents: parent === undefined ? [] : [{ type: 'Place', id: parent }],
  }));
}

function byCode([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
