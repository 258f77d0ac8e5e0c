import type { Place } from '@sekisho/contract';

/** The data of one country, read from its folder under `jurisdictions/`. */
export interface JurisdictionPack {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly places: readonly Place[];
  /**
   * Other names under which people look a place up, by code: with its county (`石狩郡当別町`), in
   * another spelling (`檮原町`). They find the place and are never shown as its name.
   */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

/** Where packs come from. */
export interface JurisdictionPackSource {
  /**
   * Rejects with `jurisdiction_invalid`, whose faults name each file and line, if any pack is
   * missing or damaged: a cell does not start on half a map.
   */
  load(): Promise<{
    readonly packs: readonly JurisdictionPack[];
    /** Every country of ISO 3166-1, so that a site abroad can be named without a pack. */
    readonly countries: readonly Place[];
  }>;
}
