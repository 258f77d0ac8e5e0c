import { SekishoError } from '@sekisho/contract';

/** A model server that sends a longer event is broken or hostile. */
const EVENT_BYTES_MAX = 1024 * 1024;

/** Each piece of an unfinished line takes memory beside its bytes. */
const PIECES_MAX = 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const DATA_FIELD = Buffer.from('data:');

/**
 * Splits a server-sent event stream (WHATWG HTML section 9.2) into the payloads of its `data`
 * fields. Comments and other fields are passed over. Bounded: an event over 1 MiB is
 * `upstream_failed`.
 */
export class EventPayloads {
  /** The pieces of a line that has not ended, joined rarely: small pieces must not cost a copy each. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #data: Buffer[] = [];
  #eventBytes = 0;

  /** Payloads that these bytes complete. */
  push(bytes: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      const line = this.#endLine(bytes.subarray(start, end));
      this.#line(line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line, payloads);
      start = end + 1;
    }
    if (start < bytes.length) {
      this.#rest.push(bytes.subarray(start));
      this.#restBytes += bytes.length - start;
      if (this.#rest.length >= PIECES_MAX) this.#rest = [Buffer.concat(this.#rest)];
    }
    if (this.#restBytes > EVENT_BYTES_MAX) throw new SekishoError('upstream_failed', '', tooLong);
    return payloads;
  }

  #endLine(lastPiece: Buffer): Buffer {
    if (this.#rest.length === 0) return lastPiece;
    const line = Buffer.concat([...this.#rest, lastPiece]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  #line(line: Buffer, payloads: Buffer[]): void {
    if (line.length === 0) {
      if (this.#data.length > 0)
        payloads.push(this.#data.length === 1 ? first(this.#data) : join(this.#data));
      this.#data = [];
      this.#eventBytes = 0;
      return;
    }
    if (line.length < DATA_FIELD.length || !line.subarray(0, DATA_FIELD.length).equals(DATA_FIELD)) return;
    const value = line.subarray(line[DATA_FIELD.length] === 0x20 ? DATA_FIELD.length + 1 : DATA_FIELD.length);
    // The whole line counts: a field that holds nothing still takes memory.
    this.#eventBytes += line.length + 1;
    if (this.#eventBytes > EVENT_BYTES_MAX) throw new SekishoError('upstream_failed', '', tooLong);
    this.#data.push(value);
  }
}

const tooLong = { cause: `an event of over ${EVENT_BYTES_MAX} bytes` };

function first(data: readonly Buffer[]): Buffer {
  return data[0] ?? Buffer.alloc(0);
}

/** Several data fields of one event are joined by line feeds. */
function join(data: readonly Buffer[]): Buffer {
  return Buffer.concat(data.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from('\n'), part])));
}
