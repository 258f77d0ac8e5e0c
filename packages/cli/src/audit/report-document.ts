import { canonicalJson, formatVerifierKey } from '@sekisho/proof';
import type { AuditReport, Json, Quorum, VerifierKey, WitnessPolicy } from '@sekisho/proof';

/** The report of an audit: the same content in every form. */
export interface AuditDocument {
  readonly format: 'sekisho-audit/v1';
  /** `clean` where no log has a finding. */
  readonly verdict: 'clean' | 'findings';
  /** When the audit ended, by the auditor's clock. */
  readonly time: string;
  /** What was audited, as the auditor named it. */
  readonly place: string;
  /** What the auditor brought: all that the verdict rests on. */
  readonly given: {
    readonly verifierKeys: readonly string[];
    readonly olderCheckpoints: number;
    readonly witnessPolicy: {
      /** Who must have cosigned: `2 of (a, b, c)`. */
      readonly quorum: string;
      readonly witnesses: readonly { readonly name: string; readonly verifierKey: string }[];
    } | null;
  };
  /** The log of the cell first, where there are several. */
  readonly logs: readonly AuditReport[];
}

export function auditDocument(
  reports: readonly AuditReport[],
  given: {
    readonly place: string;
    readonly timeMs: number;
    readonly keys: readonly VerifierKey[];
    readonly older: number;
    readonly policy: WitnessPolicy | undefined;
  },
): AuditDocument {
  const { policy } = given;
  return {
    format: 'sekisho-audit/v1',
    verdict: reports.every(({ verdict }) => verdict === 'clean') ? 'clean' : 'findings',
    time: new Date(given.timeMs).toISOString(),
    place: withoutSecrets(given.place),
    given: {
      verifierKeys: given.keys.map(verifierKeyOf),
      olderCheckpoints: given.older,
      witnessPolicy:
        policy === undefined
          ? null
          : {
              quorum: describeQuorum(policy.quorum),
              witnesses: policy.witnesses.map(({ name, key }) => ({ name, verifierKey: verifierKeyOf(key) })),
            },
    },
    logs: reports,
  };
}

/** Canonical JSON: what is signed is the same bytes on every machine. */
export function jsonOf(document: AuditDocument): Uint8Array {
  const json: Json = JSON.parse(JSON.stringify(document));
  return canonicalJson(json);
}

function verifierKeyOf({ name, publicKey, type }: VerifierKey): string {
  return formatVerifierKey(name, publicKey, type);
}

/** An address may hold a password. */
function withoutSecrets(place: string): string {
  const url = /^https?:/.test(place) ? URL.parse(place) : null;
  return url === null ? place : `${url.origin}${url.pathname}`;
}

/** `2 of (a, b, 1 of (c, d))`. */
function describeQuorum(quorum: Quorum): string {
  if (quorum.kind === 'none') return 'none';
  if (quorum.kind === 'witness') return quorum.name;
  return `${quorum.threshold} of (${quorum.members.map(describeQuorum).join(', ')})`;
}
