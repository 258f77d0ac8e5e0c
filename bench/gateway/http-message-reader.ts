/** One HTTP/1.1 message. `startLine` is `HTTP/1.1 200 OK` or `POST /path HTTP/1.1`. */
export interface HttpMessage {
  readonly startLine: string;
  readonly bodyBytes: number;
  /** Only when the reader keeps bodies. */
  readonly body: Buffer;
}

type State =
  | { readonly at: 'head' }
  | { readonly at: 'body'; left: number }
  | { readonly at: 'chunk-size' }
  /** `left` counts the chunk's closing CRLF. */
  | { readonly at: 'chunk'; left: number }
  | { readonly at: 'trailer' };

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 messages (RFC 9112) from a connection's bytes: just enough for peers that we
 * started ourselves, because the load side must never be what is measured. Understands
 * `content-length` and `chunked`; a message with neither has no body.
 */
export class HttpMessageReader {
  readonly #onMessage: (message: HttpMessage) => void;
  readonly #keepBody: boolean;
  #state: State = { at: 'head' };
  #rest: Buffer = NOTHING;
  #startLine = '';
  #bodyBytes = 0;
  #pieces: Buffer[] = [];

  constructor(onMessage: (message: HttpMessage) => void, { keepBody }: { readonly keepBody: boolean }) {
    this.#onMessage = onMessage;
    this.#keepBody = keepBody;
  }

  push(bytes: Buffer): void {
    let input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = NOTHING;
    while (input.length > 0) {
      const used = this.#step(input);
      if (used === 0) {
        this.#rest = input;
        return;
      }
      input = input.subarray(used);
    }
  }

  /** Bytes taken; 0 when more are needed. */
  #step(input: Buffer): number {
    const state = this.#state;
    switch (state.at) {
      case 'body': {
        const used = Math.min(state.left, input.length);
        this.#take(input, used);
        state.left -= used;
        if (state.left === 0) this.#finish();
        return used;
      }
      case 'chunk-size': {
        const end = input.indexOf(LINE_END);
        if (end === -1) return 0;
        const size = Number.parseInt(input.toString('latin1', 0, end), 16);
        if (Number.isNaN(size)) throw new Error('not a chunk size');
        this.#state = size === 0 ? { at: 'trailer' } : { at: 'chunk', left: size + LINE_END.length };
        return end + LINE_END.length;
      }
      case 'chunk': {
        const used = Math.min(state.left, input.length);
        this.#take(input, Math.min(used, Math.max(0, state.left - LINE_END.length)));
        state.left -= used;
        if (state.left === 0) this.#state = { at: 'chunk-size' };
        return used;
      }
      case 'trailer': {
        const end = input.indexOf(LINE_END);
        if (end === -1) return 0;
        if (end === 0) this.#finish();
        return end + LINE_END.length;
      }
      case 'head':
      default:
        return this.#readHead(input);
    }
  }

  #readHead(input: Buffer): number {
    const end = input.indexOf(HEAD_END);
    if (end === -1) return 0;
    const head = input.toString('latin1', 0, end);
    this.#startLine = head.slice(0, head.indexOf('\r\n'));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined && length !== '0') this.#state = { at: 'body', left: Number(length) };
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = { at: 'chunk-size' };
    else this.#finish();
    return end + HEAD_END.length;
  }

  #take(input: Buffer, bytes: number): void {
    this.#bodyBytes += bytes;
    if (this.#keepBody && bytes > 0) this.#pieces.push(input.subarray(0, bytes));
  }

  #finish(): void {
    const [first = NOTHING] = this.#pieces;
    const body = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first;
    const message = { startLine: this.#startLine, bodyBytes: this.#bodyBytes, body };
    this.#state = { at: 'head' };
    this.#bodyBytes = 0;
    this.#pieces = [];
    this.#onMessage(message);
  }
}
