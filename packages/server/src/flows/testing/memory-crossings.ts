import type { CrossingSummary } from '@sekisho/contract';
import type { CrossingFilter, CrossingPosition, CrossingSearch } from '../../domains/crossings/index.ts';

interface StoredCrossing {
  readonly summary: CrossingSummary;
  readonly requestSalt?: Buffer;
  readonly answerSalt?: Buffer;
}

/** Crossings in memory, for flows and edges; it knows tenant, workspace, subject and the period. */
export class MemoryCrossings implements CrossingSearch {
  readonly stored: StoredCrossing[] = [];
  /** Pages that were read, with their filters. */
  readonly asked: { readonly filter: CrossingFilter; readonly limit: number }[] = [];
  /** Thrown by the page of this number, from 1. */
  failure: { readonly atPage: number; readonly error: Error } | undefined;

  async page(
    filter: CrossingFilter,
    limit: number,
    after: CrossingPosition | undefined,
  ): Promise<readonly CrossingSummary[]> {
    this.asked.push({ filter, limit });
    if (this.failure?.atPage === this.asked.length) throw this.failure.error;
    return this.#matching(filter, after)
      .slice(0, limit)
      .map(({ summary }) => summary);
  }

  async get(crossing: string): Promise<CrossingSummary | undefined> {
    return this.stored.find(({ summary }) => summary.crossing === crossing)?.summary;
  }

  async sealedPayloads(
    side: 'request' | 'answer',
    filter: CrossingFilter,
    limit: number,
    after: CrossingPosition | undefined,
  ) {
    this.asked.push({ filter, limit });
    return this.#matching(filter, after)
      .flatMap(({ summary, requestSalt, answerSalt }) => {
        const commitment = side === 'request' ? summary.requestCommitment : summary.outcome?.answerCommitment;
        const salt = side === 'request' ? requestSalt : answerSalt;
        if (commitment === undefined) return [];
        const bytes = Buffer.from(commitment.slice(commitment.indexOf(':') + 1), 'hex');
        return [{ position: summary, commitment: bytes, ...(salt === undefined ? {} : { salt }) }];
      })
      .slice(0, limit);
  }

  #matching(filter: CrossingFilter, after: CrossingPosition | undefined): readonly StoredCrossing[] {
    const { tenant, workspace, subject, startedFrom, startedBefore } = filter;
    const order = (position: CrossingPosition): string => `${position.startedAt} ${position.crossing}`;
    return this.stored
      .filter(({ summary }) => tenant === undefined || summary.tenant === tenant)
      .filter(({ summary }) => workspace === undefined || summary.workspace === workspace)
      .filter(({ summary }) => subject === undefined || summary.subject === subject)
      .filter(({ summary }) => startedFrom === undefined || summary.startedAt >= startedFrom)
      .filter(({ summary }) => startedBefore === undefined || summary.startedAt < startedBefore)
      .filter(({ summary }) => after === undefined || order(summary) < order(after))
      .sort((a, b) => (order(a.summary) < order(b.summary) ? 1 : -1));
  }
}
