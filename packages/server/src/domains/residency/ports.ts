import type { Bilingual } from '@sekisho/contract';

/** What residency needs to know of places. */
export interface PlaceTree {
  /** The place itself, then its parents up to the country; empty when the place is unknown. */
  ancestors(code: string): readonly string[];
  /** The place as a person reads it, in both languages; undefined when unknown. */
  nameOf(code: string): Bilingual | undefined;
}

/** Policy text that a jurisdiction pack offers under a name, such as `jp/my-number`. */
export interface PolicyPreset {
  readonly name: string;
  readonly title: Bilingual;
  /** Cedar templates or policies; `{{workspace}}` stands for the workspace that uses the preset. */
  readonly cedar: string;
}

/**
 * A Cedar authorizer over one fixed set of policies and entities, parsed once.
 * See https://docs.cedarpolicy.com/.
 */
export interface PolicyEngine {
  /** Parses and validates the policies against the schema; returns every fault, none when valid. */
  validate(policies: string): readonly { readonly policy: string; readonly message: string }[];
  /** An authorizer over these policies and entities. */
  compile(policies: string, entities: readonly PolicyEntity[]): PolicyAuthorizer;
}

export interface EntityReference {
  readonly type: string;
  readonly id: string;
}

export interface PolicyEntity {
  readonly reference: EntityReference;
  readonly attributes: Readonly<Record<string, PolicyValue>>;
  readonly parents: readonly EntityReference[];
}

export type PolicyValue =
  | string
  | number
  | boolean
  | readonly PolicyValue[]
  | { readonly [key: string]: PolicyValue };

export interface PolicyVerdict {
  readonly allowed: boolean;
  /** The policies that determined the verdict, with their @id and @reason annotations; empty on default deny. */
  readonly determining: readonly {
    readonly policy: string;
    readonly effect: 'permit' | 'forbid';
    readonly reason: Bilingual;
  }[];
  /** Policies whose evaluation failed. Any error makes the verdict a denial. */
  readonly errors: readonly string[];
}

export interface PolicyAuthorizer {
  authorize(request: {
    readonly principal: EntityReference;
    readonly action: EntityReference;
    readonly resource: EntityReference;
    readonly context: Readonly<Record<string, PolicyValue>>;
  }): PolicyVerdict;
}
