import { SekishoError, type PayloadKind, type PayloadRule } from '@sekisho/contract';
import { describeCause, type Log } from '../base/log.ts';
import { keeps, type PayloadStore, type PayloadWriter } from '../domains/payloads/index.ts';
import type { KeptBytes, OpenCrossing } from './crossing-kernel.ts';

/** Starts keeping payloads for the crossings whose data class has a rule. */
export class PayloadKeeper {
  readonly #store: PayloadStore;
  readonly #log: Log;

  constructor(store: PayloadStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  of(crossing: OpenCrossing, rule: PayloadRule): CrossingPayloads {
    return new CrossingPayloads(this.#store, this.#log, crossing, rule);
  }
}

/**
 * The payloads of one crossing while it is under way. Crash order: the intent, with the key, is
 * durable before the first byte is stored; each payload is durable before the outcome says that it is kept. So
 * what a crash leaves belongs to an intent without an outcome, and is removed where that is closed.
 *
 * Every method that stores throws SekishoError `payload_unkeepable` when it cannot.
 */
export class CrossingPayloads {
  readonly #store: PayloadStore;
  readonly #log: Log;
  readonly #crossing: OpenCrossing;
  readonly #rule: PayloadRule;
  readonly #kept: { request?: number; answer?: number } = {};
  /** Of the answer, once its first byte has come. */
  #writer: PayloadWriter | undefined;
  #answerBytes = 0;

  constructor(store: PayloadStore, log: Log, crossing: OpenCrossing, rule: PayloadRule) {
    this.#store = store;
    this.#log = log;
    this.#crossing = crossing;
    this.#rule = rule;
  }

  /** What the outcome may say is kept. */
  get kept(): KeptBytes {
    return this.#kept;
  }

  async keepRequest(body: Uint8Array): Promise<void> {
    if (!keeps(this.#rule, 'request')) return;
    await this.#orUnkeepable(async () => {
      const writer = await this.#begin('request');
      try {
        await writer.write(body);
        this.#kept.request = await writer.finish();
      } catch (cause) {
        await writer.abandon();
        throw cause;
      }
    });
  }

  /** The next bytes of the answer, before the client sees them. */
  async writeAnswer(...pieces: readonly Uint8Array[]): Promise<void> {
    if (!keeps(this.#rule, 'answer')) return;
    await this.#answerStep(async () => {
      this.#writer ??= await this.#begin('answer');
      for (const piece of pieces) {
        await this.#writer.write(piece);
        this.#answerBytes += piece.length;
      }
    });
  }

  /** Makes durable what there is of the answer: before the outcome, and so before the answer ends. */
  async finishAnswer(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    await this.#answerStep(async () => {
      this.#kept.answer = await writer.finish();
      this.#writer = undefined;
    });
  }

  /** What was stored of an answer that failed stays listed, so that retention and erasures reach it. */
  async #answerStep(step: () => Promise<void>): Promise<void> {
    await this.#orUnkeepable(async () => {
      try {
        await step();
      } catch (cause) {
        if (this.#writer !== undefined) this.#kept.answer = this.#answerBytes;
        await this.#writer?.abandon();
        this.#writer = undefined;
        throw cause;
      }
    });
  }

  /**
   * Removes everything: the crossing was carried nowhere, or the cell could not keep it whole. What cannot be
   * removed stays listed, so that retention and erasures reach it.
   */
  async discard(): Promise<void> {
    await this.#writer?.abandon();
    this.#writer = undefined;
    try {
      await this.#store.remove(this.#crossing.tenant, [this.#crossing.id]);
      delete this.#kept.request;
      delete this.#kept.answer;
    } catch (cause) {
      this.#kept.request ??= 0;
      this.#log.error('payload.not-removed', { crossing: this.#crossing.id, cause: describeCause(cause) });
    }
  }

  #begin(kind: PayloadKind): Promise<PayloadWriter> {
    const { tenant, id: crossing, payloadKey } = this.#crossing;
    return this.#store.create({ tenant, crossing, kind }, payloadKey);
  }

  async #orUnkeepable(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new SekishoError('payload_unkeepable', '', { cause });
    }
  }
}

/** The cell could not keep what a rule wants kept. */
export function isUnkeepable(failure: unknown): failure is SekishoError {
  return failure instanceof SekishoError && failure.code === 'payload_unkeepable';
}
