import type { Platform, PlatformRevision } from '@sekisho/contract';

export interface StoredPlatform {
  readonly revision: PlatformRevision;
  readonly platform: Platform;
}

/** The history of applied platforms. Revisions count from 1 without gaps and are never changed. */
export interface PlatformStore {
  /** The newest revision, or undefined before the first apply. */
  current(): Promise<StoredPlatform | undefined>;
  /**
   * Adds a revision atomically. Throws SekishoError `revision_conflict` unless `baseRevision` is
   * still the newest (0 before the first), also when two callers race.
   */
  insert(next: {
    readonly baseRevision: number;
    readonly platform: Platform;
    readonly digest: string;
    readonly appliedAt: string;
    readonly appliedBy: string;
  }): Promise<StoredPlatform>;
  /** Newest first. */
  history(): Promise<readonly PlatformRevision[]>;
}

/** What the platform document may refer to: the places that exist today. */
export interface KnownPlaces {
  /** Undefined when no such place exists today. */
  get(code: string): object | undefined;
}
