import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ADD_CHECKPOINT_BYTES_MAX } from '@sekisho/proof';
import { readSubmission } from './judge-submission.ts';
import type { Submission, WatchedLog } from './judge-submission.ts';
import { originHash } from './witness-state.ts';
import type { LogWitness } from './witness-state.ts';

const CONNECTIONS_MAX = 256;
const REQUEST_MS_MAX = 15_000;
/** Contradictions that are told, each once: whoever replays one must not fill the disk with it. */
const CONTRADICTIONS_MAX = 100;

export interface WitnessedLog extends WatchedLog {
  readonly witness: LogWitness;
}

/** What a person should hear about. */
export type WitnessEvent =
  | {
      /** The log signed something that contradicts what it signed before: both notes are the proof. */
      readonly event: 'contradiction';
      readonly origin: string;
      readonly known: string;
      readonly submitted: string;
    }
  | { readonly event: 'failed'; readonly origin: string; readonly cause: unknown };

/**
 * C2SP tlog-witness over plain HTTP: `POST /add-checkpoint` and `GET /{origin hash}/checkpoint`.
 * Everything that goes in or out is public and signed, so it needs no secret and no TLS of its own.
 */
export function createWitnessServer(
  logs: readonly WitnessedLog[],
  tell: (event: WitnessEvent) => void,
): Server {
  const byOrigin = new Map(logs.map((log) => [log.origin, log]));
  const byHash = new Map(logs.map((log) => [originHash(log.origin), log]));
  const told = new Set<string>();
  const tellOnce = (event: WitnessEvent): void => {
    if (event.event === 'contradiction') {
      const [body = ''] = event.submitted.split('\n\n', 1);
      if (told.has(body) || told.size >= CONTRADICTIONS_MAX) return;
      told.add(body);
    }
    tell(event);
  };
  const server = createServer({ requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('request', (request, response) => {
    answerRequest(request, byOrigin, byHash, tellOnce).then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, text: 'internal error' }),
    );
  });
  return server;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

async function answerRequest(
  request: IncomingMessage,
  byOrigin: ReadonlyMap<string, WitnessedLog>,
  byHash: ReadonlyMap<string, WitnessedLog>,
  tell: (event: WitnessEvent) => void,
): Promise<Answer> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return { status: 405, text: 'POST only' };
    const body = await readBody(request);
    if (body === undefined) return { status: 413, text: `at most ${ADD_CHECKPOINT_BYTES_MAX} bytes` };
    return addCheckpoint(body, byOrigin, tell);
  }
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? [];
  const note = hash === undefined ? undefined : byHash.get(hash)?.witness.latest;
  if (note === undefined) return { status: 404, text: 'not found' };
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, text: 'GET only' };
  return { status: 200, text: note };
}

async function addCheckpoint(
  body: Buffer,
  byOrigin: ReadonlyMap<string, WitnessedLog>,
  tell: (event: WitnessEvent) => void,
): Promise<Answer> {
  const read = readSubmission(body, byOrigin);
  if (!read.read) return { status: read.status, text: read.reason };
  const { submission } = read;
  const log = byOrigin.get(read.log.origin);
  if (log === undefined) return { status: 404, text: 'unknown log' };
  const answer = await submitTo(log, submission, tell);
  switch (answer.answer) {
    case 'cosigned':
      return { status: 200, text: answer.lines };
    case 'conflict':
      return { status: 409, text: `${answer.size}\n`, type: 'text/x.tlog.size' };
    case 'refuse':
      return { status: answer.status, text: answer.reason };
    case 'unavailable':
      return { status: 503, text: 'try again later' };
  }
}

async function submitTo(
  { origin, witness }: WitnessedLog,
  submission: Submission,
  tell: (event: WitnessEvent) => void,
) {
  try {
    const answer = await witness.submit(submission);
    if ('contradicts' in answer && answer.contradicts) {
      tell({ event: 'contradiction', origin, known: witness.latest ?? '', submitted: submission.note });
    }
    return answer;
  } catch (cause) {
    tell({ event: 'failed', origin, cause });
    throw cause;
  }
}

/** Undefined when it is longer than a request can be; the rest is not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > ADD_CHECKPOINT_BYTES_MAX) return undefined;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8' }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const body = text.endsWith('\n') ? text : `${text}\n`;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    // What is left of a body that was too long is not read, so the connection cannot go on.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
