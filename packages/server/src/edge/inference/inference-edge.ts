import type { IncomingMessage, ServerResponse } from 'node:http';

/** An HTTP API for inference, on the bare Node server. */
export interface InferenceEdge {
  handles(request: IncomingMessage): boolean;
  /** Answers in every case; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}
