import type { SekishoError } from '@sekisho/contract';
import { type ChatCompletionRequest, type DataClass } from '@sekisho/contract';
import type { Principal } from '../domains/identity/index.ts';

export interface ChatRequest {
  readonly principal: Principal;
  readonly completion: ChatCompletionRequest;
  /** The bytes of the request as they came. */
  readonly body: Buffer;
  /** The workspace's first class when absent. */
  readonly dataClass: DataClass | undefined;
  readonly purpose: string;
}

/** An answer on its way to the client. `crossing` is the receipt's id. */
export type ChatAnswer =
  | { readonly kind: 'whole'; readonly crossing: string; readonly status: number; readonly body: Buffer }
  | {
      readonly kind: 'stream';
      readonly crossing: string;
      /**
       * JSON texts of `chat.completion.chunk`. Ends only after the outcome is durable. To be pulled
       * at least once, also when the client is gone: a generator that never began ends nothing.
       */
      readonly chunks: AsyncIterable<Buffer>;
    };

/** A failure after the intent was recorded: the client still learns the crossing's id. */
export class RecordedFailure extends Error {
  override readonly name = 'RecordedFailure';
  readonly crossing: string;
  readonly failure: SekishoError;

  constructor(crossing: string, failure: SekishoError) {
    super(failure.message, { cause: failure });
    this.crossing = crossing;
    this.failure = failure;
  }
}
