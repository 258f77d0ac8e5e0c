import { Platform, type Retention } from '@sekisho/contract';
import { threeSitePlatform } from './platforms.ts';

/**
 * The platform of three sites with a cell in Ishikari whose workspace `in-japan` keeps payloads. `in-hokkaido`
 * keeps nothing.
 */
export function keepingPlatform(
  url: string,
  retention: Retention = {
    payloads: { 'confidentiality-2': { keep: ['request', 'answer'], days: 30 } },
  },
): Platform {
  const platform = Platform.parse(threeSitePlatform({ ishikari: url, tokyo: url, overseas: url }));
  const [tenant] = platform.tenants;
  const [keeping] = tenant!.workspaces;
  keeping!.retention = retention;
  return { ...platform, cell: { site: 'ishikari' } };
}
