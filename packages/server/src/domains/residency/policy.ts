import type {
  Action,
  Assurance,
  CopyPlacement,
  CopyVerdict,
  DataClass,
  DataCopy,
  EndpointVerdict,
  Explanation,
} from '@sekisho/contract';

/** Who wants to do what, with which class of data, why, and with which model. */
export interface ResidencyQuestion {
  readonly tenant: string;
  readonly workspace: string;
  readonly action: Action;
  readonly dataClass: DataClass;
  readonly purpose: string;
  /** Judge the endpoints that serve this model; all endpoints when absent. */
  readonly model?: string | undefined;
}

/** An endpoint to which the data may go, and where each copy would then be. */
export interface AllowedTarget {
  readonly endpoint: string;
  readonly copies: readonly CopyPlacement[];
  readonly assurance: Assurance;
}

/** The answer of policy. A denial is an expected alternative, so it is a value and not an error. */
export type Decision =
  | {
      readonly decision: 'allow';
      readonly policyDigest: string;
      readonly platformRevision: number;
      /** Ids of the policies that decided. */
      readonly policies: readonly string[];
      readonly targets: readonly AllowedTarget[];
    }
  | {
      readonly decision: 'deny';
      readonly policyDigest: string;
      readonly platformRevision: number;
      readonly policies: readonly string[];
      readonly refused: readonly EndpointVerdict[];
    };

/** Residency policy of one platform revision. Immutable; a new revision makes a new one. */
export interface ResidencyPolicy {
  readonly platformRevision: number;
  /** `sha256:` digest over the compiled policies and the entities that they judge. */
  readonly digest: string;
  /** Memoised, since one Cedar call costs about 0.3 ms; the memo dies with the revision. */
  decide(question: ResidencyQuestion): Decision;
  /** Never memoised: every policy that decided, per endpoint and copy, in both languages. */
  explain(question: ResidencyQuestion): Explanation;
  /** Whether one copy of such data may be at a site, whatever endpoint serves. Never memoised. */
  judgeCopy(question: ResidencyQuestion, copy: DataCopy): CopyVerdict;
  /** How often `decide` answered from memory, and how often it had to judge. */
  readonly answers?: { readonly remembered: number; readonly judged: number };
}
