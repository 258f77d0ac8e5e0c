import { z } from 'zod';
import { reasonOf } from './bounded-file.ts';
import { CommandFailure } from './failure.ts';
import { printable, printableDeep } from './printable-text.ts';

type Query = Readonly<Record<string, string | number | undefined>>;

interface AskedOf {
  readonly query?: Query;
  readonly body?: unknown;
  /** A body that is not JSON. */
  readonly bytes?: Uint8Array;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 60_000;
/** Below the five minutes after which Node gives up waiting for headers. */
const PATIENT_TIMEOUT_MS = 290_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Looser than the contract's own text bounds: a long message is still better shown than refused. */
const Text = z.object({ ja: z.string().max(20_000), en: z.string().max(20_000) });

/** The error shape of `/admin/v1`. */
const AdminError = z.object({
  error: z.object({
    code: z.string().max(100),
    message: Text,
    faults: z
      .array(z.object({ path: z.string().max(2000), message: Text }))
      .max(10_000)
      .optional(),
    id: z.string().max(100).nullish(),
  }),
});
/** OpenAI's error shape, of `/v1`. A cell adds both languages under `sekisho`. */
const OpenAiError = z.object({
  error: z.object({
    message: z.string().max(20_000),
    type: z.string().max(100).nullish(),
    code: z.string().max(100).nullish(),
    sekisho: z.object({ message: Text }).optional(),
  }),
});

/**
 * Speaks to one cell. An answer is parsed before anyone sees it: a cell that does not keep the
 * contract is reported as such (`cell_answer_invalid`), never half understood.
 */
export class CellClient {
  readonly url: URL;
  readonly #adminKey: string | undefined;

  constructor(address: { readonly url: URL; readonly adminKey?: string }) {
    this.url = address.url;
    this.#adminKey = address.adminKey;
  }

  async get<S extends z.ZodType>(path: string, schema: S, query: Query = {}): Promise<z.output<S>> {
    return this.#parse(await this.#send('GET', path, { query }), schema, path);
  }

  async post<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>> {
    return this.#parse(await this.#send('POST', path, { body }), schema, path);
  }

  /** For what takes its time, such as rewriting what held erased salts, or copying a ledger. */
  async postPatiently<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>> {
    const signal = AbortSignal.timeout(PATIENT_TIMEOUT_MS);
    return this.#parse(await this.#send('POST', path, { body, signal }), schema, path);
  }

  /** Posts bytes of a payload, which are no JSON. */
  async postBytes<S extends z.ZodType>(
    path: string,
    bytes: Uint8Array,
    schema: S,
    query: Query,
  ): Promise<z.output<S>> {
    return this.#parse(await this.#send('POST', path, { query, bytes }), schema, path);
  }

  /** The answer's text as it came, once it parses. */
  async getVerbatim(path: string, schema: z.ZodType, query: Query = {}): Promise<string> {
    const answer = await this.#send('GET', path, { query });
    this.#parse(answer, schema, path);
    return answer.text;
  }

  /** An answer that is not JSON. */
  async getText(path: string, accept: string, query: Query = {}): Promise<string> {
    const answer = await this.#send('GET', path, { query, accept });
    if (!answer.contentType.startsWith(accept))
      throw malformed(this.url, path, `Content-Type ${answer.contentType}`);
    return answer.text;
  }

  /** The answer's bytes as they came, once they look like what was asked for. */
  async getBytes(
    path: string,
    query: Query,
    isExpected: (bytes: Uint8Array) => boolean,
  ): Promise<Uint8Array> {
    const { bytes } = await this.#send('GET', path, { query, accept: '*/*' });
    if (!isExpected(bytes)) throw malformed(this.url, path, 'bytes');
    return bytes;
  }

  /** An answer of any length, piece by piece. One that is cut short is `cell_unreachable`. */
  async *stream(path: string, accept: string, query: Query): AsyncGenerator<Uint8Array> {
    const quiet = new AbortController();
    const timer = setTimeout(
      () => quiet.abort(new DOMException('no data', 'TimeoutError')),
      REQUEST_TIMEOUT_MS,
    );
    try {
      const answer = await this.#fetch('GET', path, { query, accept, signal: quiet.signal });
      if (!answer.ok) {
        const bytes = await this.#readBounded(answer, path);
        throw cellError(this.url, path, answer.status, bytes.toString('utf8'));
      }
      const contentType = answer.headers.get('content-type') ?? '';
      if (!contentType.startsWith(accept)) throw malformed(this.url, path, `Content-Type ${contentType}`);
      for await (const chunk of answer.body ?? []) {
        timer.refresh();
        yield chunk;
      }
    } catch (error) {
      throw error instanceof CommandFailure ? error : unreachable(this.url, error);
    } finally {
      clearTimeout(timer);
      quiet.abort();
    }
  }

  /** The cell's clock by its `Date` header, in milliseconds; undefined when it does not say. */
  async clockOf(path: string): Promise<{ readonly status: number; readonly dateMs: number | undefined }> {
    const answer = await this.#fetch('GET', path, {});
    await answer.body?.cancel();
    const dateMs = Date.parse(answer.headers.get('date') ?? '');
    return { status: answer.status, dateMs: Number.isNaN(dateMs) ? undefined : dateMs };
  }

  #parse<S extends z.ZodType>(answer: { readonly text: string }, schema: S, path: string): z.output<S> {
    const json = parseJson(answer.text);
    if (json === undefined) throw malformed(this.url, path, 'JSON');
    const parsed = schema.safeParse(json.value);
    if (parsed.success) return parsed.data;
    const first = parsed.error.issues[0];
    throw malformed(this.url, path, `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`);
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    request: AskedOf,
  ): Promise<{ readonly text: string; readonly bytes: Uint8Array; readonly contentType: string }> {
    const answer = await this.#fetch(method, path, request);
    const bytes = await this.#readBounded(answer, path);
    const text = bytes.toString('utf8');
    if (!answer.ok) throw cellError(this.url, path, answer.status, text);
    return { text, bytes, contentType: answer.headers.get('content-type') ?? '' };
  }

  async #fetch(
    method: 'GET' | 'POST',
    path: string,
    { query = {}, body, bytes, accept = 'application/json', signal }: AskedOf,
  ): Promise<Response> {
    const target = new URL(this.url);
    target.pathname = target.pathname.replace(/\/$/, '') + path;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    try {
      return await fetch(target, {
        method,
        // A redirect would carry the admin key to wherever the answer points.
        redirect: 'error',
        signal: signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: {
          accept,
          ...(this.#adminKey === undefined ? {} : { authorization: `Bearer ${this.#adminKey}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(bytes === undefined ? {} : { body: Buffer.from(bytes) }),
      });
    } catch (error) {
      throw unreachable(this.url, error);
    }
  }

  async #readBounded(answer: Response, path: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of answer.body ?? []) {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) throw malformed(this.url, path, `> ${ANSWER_BYTES_MAX} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      throw unreachable(this.url, error);
    }
    return Buffer.concat(chunks);
  }
}

function cellError(url: URL, path: string, status: number, text: string): CommandFailure {
  const value = parseJson(text)?.value;
  const admin = AdminError.safeParse(value);
  if (admin.success) {
    const { code, message, faults, id } = printableDeep(admin.data.error);
    return new CommandFailure({ cell: code }, (texts) => message[texts.language], {
      ...(faults === undefined ? {} : { faults }),
      id: id ?? undefined,
    });
  }
  const openAi = OpenAiError.safeParse(value);
  if (openAi.success) {
    const { code, type, message, sekisho } = printableDeep(openAi.data.error);
    return new CommandFailure(
      { cell: code ?? type ?? 'error' },
      (texts) => sekisho?.message[texts.language] ?? message,
    );
  }
  return malformed(url, path, `HTTP ${status}`);
}

function malformed(url: URL, path: string, what: string): CommandFailure {
  return new CommandFailure('cell_answer_invalid', (texts) =>
    texts.failures.cellAnswerInvalid(url.origin + path, printable(what.slice(0, 300))),
  );
}

function unreachable(url: URL, error: unknown): CommandFailure {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new CommandFailure('cell_timeout', (texts) => texts.failures.cellTimeout(url.origin), {
      cause: error,
    });
  }
  const reason = reasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return new CommandFailure(
    'cell_unreachable',
    (texts) => texts.failures.cellUnreachable(url.origin, reason),
    {
      cause: error,
    },
  );
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
