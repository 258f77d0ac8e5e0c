import type { Bilingual } from '@sekisho/contract';

/** What residency needs to know of places. */
export interface PlaceTree {
  /** The place itself, then its parents up to the country; empty when the place is unknown. */
  ancestors(code: string): readonly string[];
  /** The place with its parents below the country, `北海道石狩市` and `Ishikari, Hokkaido`; undefined when unknown. */
  nameOf(code: string): Bilingual | undefined;
}

/** Policy text that a jurisdiction pack offers under a name, such as `jp/my-number`. */
export interface PolicyPreset {
  readonly name: string;
  readonly title: Bilingual;
  /** Cedar templates or policies; `{{workspace}}` stands for the workspace that uses the preset. */
  readonly cedar: string;
}

/** What a policy says of itself, read from its syntax tree and not from its text. */
export interface PolicyOutline {
  /** Its @id; undefined when it has none. */
  readonly id: string | undefined;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  /** A template has slots, so it decides nothing until it is linked. */
  readonly isTemplate: boolean;
  /** Every entity that it names, actions and data classes included. */
  readonly mentions: readonly EntityReference[];
  /** Attributes of the context that it reads; `*` when it uses the context as a whole. */
  readonly contextReads: readonly string[];
}

export interface PolicyInspection {
  /** Faults of syntax and of the schema, each with the policy's @id or position; none when valid. */
  readonly faults: readonly { readonly policy: string; readonly message: string }[];
  /** Empty when the text does not parse. */
  readonly policies: readonly PolicyOutline[];
}

/** Cedar, with the schema of this product. See https://docs.cedarpolicy.com/. */
export interface PolicyEngine {
  /** Parses policies and validates them against the schema. Never throws. */
  inspect(policies: string): PolicyInspection;
  /**
   * An authorizer over one fixed set of policies and entities, parsed once. Throws when the
   * policies do not parse, lack an @id or repeat one. Pass the same array of entities to share it.
   */
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
  /** Never throws: a fault of the engine is an error in the verdict, and so a denial. */
  authorize(request: {
    readonly principal: EntityReference;
    readonly action: EntityReference;
    readonly resource: EntityReference;
    readonly context: Readonly<Record<string, PolicyValue>>;
  }): PolicyVerdict;
}
