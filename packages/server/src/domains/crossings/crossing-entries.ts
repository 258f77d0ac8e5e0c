import type {
  Action,
  CopyPlacement,
  CrossingResult,
  DataClass,
  GuardVerdict,
  IntentEntry,
  OutcomeEntry,
  PayloadCommitment,
} from '@sekisho/contract';
import { hex } from '@sekisho/proof';

/** The facts of a crossing that do not change on its road. */
export interface CrossingFacts {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly principal: string;
  readonly action: Action;
  readonly subject: string;
  readonly dataClass: DataClass;
  readonly purpose: string;
  readonly platformRevision: number;
  readonly policyDigest: string;
  readonly policies: readonly string[];
}

/** How the crossing ended, as the flow saw it. */
export interface CrossingEnd {
  readonly result: CrossingResult;
  readonly status: number;
  readonly carried?: {
    readonly endpoint: string;
    readonly copies: readonly CopyPlacement[];
    readonly assurance: 'declared' | 'operator-attested' | 'hardware-attested';
  };
  readonly answer?: PayloadCommitment;
  /** What guards found in the answer; none where none looked. */
  readonly guards?: readonly GuardVerdict[];
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly estimated: boolean;
    readonly amountYen: string;
  };
}

// Entries are built with their keys in canonical order (RFC 8785), which makes writing them cheap.

export function intentEntry(
  facts: CrossingFacts,
  time: string,
  decision: { readonly decision: 'allow' | 'deny'; readonly targets: readonly string[] },
  request: PayloadCommitment,
  guards: readonly GuardVerdict[] = [],
): IntentEntry {
  return {
    action: facts.action,
    crossing: facts.crossing,
    dataClass: facts.dataClass,
    decision: decision.decision,
    ...(guards.length === 0 ? {} : { guards: guards.map(guardField) }),
    kind: 'intent',
    platformRevision: facts.platformRevision,
    policies: [...facts.policies],
    policyDigest: facts.policyDigest,
    principal: facts.principal,
    purpose: facts.purpose,
    request,
    subject: facts.subject,
    targets: [...decision.targets],
    tenant: facts.tenant,
    time,
    version: 1,
    workspace: facts.workspace,
  };
}

/** Repeats the intent's facts, so that the outcome alone is the statement of a receipt. */
export function outcomeEntry(
  intent: IntentEntry,
  reference: { readonly index: number; readonly leafHash: Uint8Array },
  time: string,
  end: CrossingEnd,
): OutcomeEntry {
  return {
    action: intent.action,
    ...(end.answer === undefined ? {} : { answer: end.answer }),
    ...(end.carried === undefined ? {} : { carried: carriedField(end.carried) }),
    crossing: intent.crossing,
    dataClass: intent.dataClass,
    ...(end.guards === undefined || end.guards.length === 0 ? {} : { guards: end.guards.map(guardField) }),
    intent: { index: reference.index, leafHash: `sha256:${hex(reference.leafHash)}` },
    kind: 'outcome',
    platformRevision: intent.platformRevision,
    policies: intent.policies,
    policyDigest: intent.policyDigest,
    principal: intent.principal,
    purpose: intent.purpose,
    request: intent.request,
    result: end.result,
    status: end.status,
    subject: intent.subject,
    tenant: intent.tenant,
    time,
    usage: {
      amountYen: end.usage.amountYen,
      estimated: end.usage.estimated,
      inputTokens: end.usage.inputTokens,
      outputTokens: end.usage.outputTokens,
    },
    version: 1,
    workspace: intent.workspace,
  };
}

function guardField({ findings, guard, verdict }: GuardVerdict): GuardVerdict {
  return { findings, guard, verdict };
}

function carriedField(carried: NonNullable<CrossingEnd['carried']>): NonNullable<OutcomeEntry['carried']> {
  const { assurance, copies, endpoint } = carried;
  return {
    assurance,
    copies: copies.map(({ kind, operator, operatorCountry, place, site }) => ({
      kind,
      operator,
      operatorCountry,
      place,
      site,
    })),
    endpoint,
  };
}
