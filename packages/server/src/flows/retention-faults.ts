import { DataClass, SekishoError, type Fault, type Platform } from '@sekisho/contract';
import type { ResidencyPolicy } from '../domains/residency/index.ts';

/**
 * What a workspace has kept is a copy at the cell's site. A platform whose own boundary does not
 * allow that copy is refused by name, since every crossing of that class would be denied.
 *
 * @throws SekishoError `platform_invalid` with every fault
 */
export function refuseUnallowedRetention(platform: Platform, policy: ResidencyPolicy): void {
  const { cell } = platform;
  if (cell === undefined) return;
  const faults = platform.tenants.flatMap((tenant, at) =>
    tenant.workspaces.flatMap(({ id, retention }, position) =>
      DataClass.options
        .filter((dataClass) => retention?.payloads[dataClass] !== undefined)
        .flatMap((dataClass): Fault[] => {
          const use = { tenant: tenant.id, workspace: id, action: 'process', dataClass } as const;
          const copy = { kind: 'storage', site: cell.site } as const;
          const verdict = policy.judgeCopy({ ...use, purpose: 'inference' }, copy);
          if (verdict.allowed) return [];
          const why = verdict.reasons[0];
          return [
            {
              path: `tenants.${at}.workspaces.${position}.retention.payloads.${dataClass}`,
              message: {
                ja: `セルのサイト ${cell.site}（${verdict.placeName.ja}）での保管を境界が許可していません: ${why?.reason.ja ?? ''}（${why?.policy ?? ''}）`,
                en: `the boundary does not allow storage at the cell's site ${cell.site} (${verdict.placeName.en}): ${why?.reason.en ?? ''} (${why?.policy ?? ''})`,
              },
            },
          ];
        }),
    ),
  );
  const [first] = faults;
  if (first === undefined) return;
  const detail = { ja: `${first.path}: ${first.message.ja}`, en: `${first.path}: ${first.message.en}` };
  throw new SekishoError('platform_invalid', detail, { faults });
}
