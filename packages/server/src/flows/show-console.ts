import type { Bilingual } from '@sekisho/contract';
import type { Ledger } from '../domains/ledger/index.ts';
import type { PlaceRegistry } from '../domains/places/index.ts';
import type { PlatformInForce } from './platform-in-force.ts';

/** Sites of the platform in force with their places by name, for anyone to see. */
export function sitesInForce(platform: PlatformInForce, places: PlaceRegistry) {
  const sites = platform.optional?.stored.platform.sites ?? [];
  return sites.map((site) => ({
    name: site.name,
    place: placeName(places, site.place),
    operator: site.operator.name,
    operatorCountry: site.operator.country,
    certifications: site.certifications,
  }));
}

/** The newest published checkpoint of every log. */
export function publishedLogs(ledger: Ledger) {
  return ledger.logs().map((name) => {
    const { size, root } = ledger.checkpoint(name);
    return { name, size, root: Buffer.from(root).toString('base64') };
  });
}

function placeName(places: PlaceRegistry, code: string): Bilingual {
  const name = places.nameOf(code);
  return name === undefined
    ? { ja: code, en: code }
    : { ja: `${name.ja}（${code}）`, en: `${name.en} (${code})` };
}
