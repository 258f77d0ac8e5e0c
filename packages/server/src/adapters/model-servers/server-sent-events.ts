import { SekishoError } from '@sekisho/contract';

/** A model server that sends a longer event is broken or hostile. */
const EVENT_BYTES_MAX = 1024 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const DATA_FIELD = Buffer.from('data:');

/**
 * Splits a server-sent event stream (WHATWG HTML section 9.2) into the payloads of its `data`
 * fields. Comments and other fields are passed over. Bounded: an event over 1 MiB is
 * `upstream_failed`.
 */
export class EventPayloads {
  #rest: Buffer = Buffer.alloc(0);
  #data: Buffer[] = [];
  #dataBytes = 0;

  /** Payloads that these bytes complete. */
  push(bytes: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    const input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = input.indexOf(LINE_FEED); end !== -1; end = input.indexOf(LINE_FEED, start)) {
      const stop = end > start && input[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      this.#line(input.subarray(start, stop), payloads);
      start = end + 1;
    }
    this.#rest = input.subarray(start);
    if (this.#rest.length > EVENT_BYTES_MAX) throw new SekishoError('upstream_failed', '', tooLong);
    return payloads;
  }

  /** Whether the stream stopped inside an event. */
  get incomplete(): boolean {
    return this.#rest.length > 0 || this.#data.length > 0;
  }

  #line(line: Buffer, payloads: Buffer[]): void {
    if (line.length === 0) {
      if (this.#data.length > 0)
        payloads.push(this.#data.length === 1 ? first(this.#data) : join(this.#data));
      this.#data = [];
      this.#dataBytes = 0;
      return;
    }
    if (line.length < DATA_FIELD.length || !line.subarray(0, DATA_FIELD.length).equals(DATA_FIELD)) return;
    const value = line.subarray(line[DATA_FIELD.length] === 0x20 ? DATA_FIELD.length + 1 : DATA_FIELD.length);
    this.#dataBytes += value.length;
    if (this.#dataBytes > EVENT_BYTES_MAX) throw new SekishoError('upstream_failed', '', tooLong);
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
