import type { HoldScope, IntentEntry, LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import { decodeIntentAttachment, decodeOutcomeAttachment } from '../../domains/crossings/index.ts';

type CrossingFacts = Pick<IntentEntry, 'crossing' | 'tenant' | 'workspace' | 'dataClass'>;

/** What an entry says of what is kept. Of other kinds nothing is read. */
type Projectable =
  | (CrossingFacts & Pick<IntentEntry, 'kind'>)
  | (CrossingFacts & Pick<OutcomeEntry, 'kind'>)
  | Exclude<LedgerEntry, IntentEntry | OutcomeEntry>;

/** A row of `commitment_opening`, as far as the batch knows it. */
export interface ProjectedOpening {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly requestSalt: Buffer;
  readonly answerSalt?: Buffer;
  readonly payloadKey?: Buffer;
  readonly ended: boolean;
}

export interface ProjectedPayload {
  readonly crossing: string;
  readonly kind: 'request' | 'answer';
  readonly tenant: string;
  readonly workspace: string;
  readonly dataClass: string;
  readonly bytes: number;
}

export interface ProjectedHold {
  readonly tenant: string;
  readonly hold: string;
  readonly scope: HoldScope;
  readonly event: 'placed' | 'released';
  readonly time: string;
  readonly principal: string;
}

export interface ProjectedErasure {
  readonly tenant: string;
  readonly index: number;
  readonly time: string;
  readonly crossings: readonly string[];
}

export interface ProjectedRetention {
  readonly openings: readonly ProjectedOpening[];
  /** Crossings that ended without an attachment: closed at a start. */
  readonly endedBare: readonly string[];
  readonly payloads: readonly ProjectedPayload[];
  readonly holds: readonly ProjectedHold[];
  readonly erasures: readonly ProjectedErasure[];
}

/** Folds entries, in index order per log, into what is kept, held and erased. */
export class RetentionFold {
  readonly #openings = new Map<string, ProjectedOpening>();
  readonly #endedBare: string[] = [];
  readonly #payloads: ProjectedPayload[] = [];
  readonly #holds: ProjectedHold[] = [];
  readonly #erasures: ProjectedErasure[] = [];

  /** The tenant of an erasure or a hold is the log that it stands in. Throws on a malformed attachment. */
  add(log: string, index: number, entry: Projectable | undefined, attachment: Uint8Array | undefined): void {
    if (entry?.kind === 'intent') {
      if (attachment !== undefined && attachment.length > 0) this.#addIntent(entry, attachment);
    } else if (entry?.kind === 'outcome') {
      if (attachment !== undefined && attachment.length > 0) this.#addOutcome(entry, attachment);
      else this.#endedBare.push(entry.crossing);
    } else if (entry?.kind === 'erasure') {
      this.#erasures.push({ tenant: log, index, time: entry.time, crossings: entry.crossings });
    } else if (entry?.kind === 'hold-placed' || entry?.kind === 'hold-released') {
      const event = entry.kind === 'hold-placed' ? 'placed' : 'released';
      const { hold, scope, time, principal } = entry;
      this.#holds.push({ tenant: log, hold, scope, event, time, principal });
    }
  }

  result(): ProjectedRetention {
    return {
      openings: [...this.#openings.values()],
      endedBare: this.#endedBare,
      payloads: this.#payloads,
      holds: this.#holds,
      erasures: this.#erasures,
    };
  }

  #addIntent({ crossing, tenant, workspace }: CrossingFacts, attachment: Uint8Array): void {
    this.#openings.set(crossing, {
      crossing,
      tenant,
      workspace,
      ...decodeIntentAttachment(attachment),
      ended: false,
    });
  }

  #addOutcome({ crossing, tenant, workspace, dataClass }: CrossingFacts, attachment: Uint8Array): void {
    const { requestSalt, answerSalt, kept } = decodeOutcomeAttachment(attachment);
    this.#openings.set(crossing, {
      // A crossing ends once; what its intent brought in this batch stays.
      ...this.#openings.get(crossing),
      crossing,
      tenant,
      workspace,
      requestSalt,
      ...(answerSalt === undefined ? {} : { answerSalt }),
      ended: true,
    });
    for (const kind of ['request', 'answer'] as const) {
      const bytes = kept?.[kind];
      if (bytes !== undefined) {
        this.#payloads.push({ crossing, kind, tenant, workspace, dataClass, bytes });
      }
    }
  }
}
