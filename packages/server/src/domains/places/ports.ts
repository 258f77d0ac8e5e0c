import type { Place } from '@sekisho/contract';

/** The data of one country, read from its folder under `jurisdictions/`. */
export interface JurisdictionPack {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly places: readonly Place[];
}

/** Where packs come from. */
export interface JurisdictionPackSource {
  load(): Promise<{
    readonly packs: readonly JurisdictionPack[];
    /** Every country of ISO 3166-1, so that a site abroad can be named without a pack. */
    readonly countries: readonly Place[];
  }>;
}
