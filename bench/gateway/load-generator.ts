import { connect, type Socket } from 'node:net';
import { HttpMessageReader, type HttpMessage } from './http-message-reader.ts';

/** Where requests go, and what a good answer is. */
export interface LoadTarget {
  readonly port: number;
  /** A whole HTTP/1.1 request. */
  readonly request: Buffer;
  /** Body length of the answer that was checked in full; every other must have the same. */
  readonly answerBytes: number;
}

export interface LoadResult {
  /** Good answers within the measured time, per second. */
  readonly perSecond: number;
  /** Ascending, in milliseconds. */
  readonly latenciesMs: Float64Array;
  /** Answers with status 200, also those that came after the measured time. */
  readonly answers200: number;
  /** Other statuses, wrong lengths, broken connections, answers that never came. */
  readonly errors: number;
}

/** How long answers under way may take once no more requests are sent. */
const DRAIN_MS_MAX = 10_000;

class Tally {
  readonly latenciesMs: number[] = [];
  good = 0;
  answers200 = 0;
  errors = 0;
  /** Answers after this time count for the ledger, not for the rate. */
  endMs = Number.POSITIVE_INFINITY;

  answered(message: HttpMessage, target: LoadTarget, sinceMs: number): void {
    const nowMs = performance.now();
    const is200 = message.startLine.startsWith('HTTP/1.1 200 ');
    if (is200) this.answers200++;
    if (!is200 || message.bodyBytes !== target.answerBytes) this.errors++;
    else if (nowMs <= this.endMs) this.good++;
    this.latenciesMs.push(nowMs - sinceMs);
  }

  result(elapsedMs: number): LoadResult {
    return {
      perSecond: (this.good / elapsedMs) * 1000,
      latenciesMs: Float64Array.from(this.latenciesMs).sort(),
      answers200: this.answers200,
      errors: this.errors,
    };
  }
}

/** One keep-alive connection with at most one request on its way; connects again when it breaks. */
class Connection {
  readonly #target: LoadTarget;
  readonly #onFree: (connection: Connection) => void;
  #socket: Socket;
  #underWay: { readonly tally: Tally; readonly sinceMs: number } | undefined;
  #closed = false;

  constructor(target: LoadTarget, onFree: (connection: Connection) => void) {
    this.#target = target;
    this.#onFree = onFree;
    this.#socket = this.#open();
  }

  get busy(): boolean {
    return this.#underWay !== undefined;
  }

  /** Latency counts from `sinceMs`. */
  send(tally: Tally, sinceMs: number): void {
    this.#underWay = { tally, sinceMs };
    this.#socket.write(this.#target.request);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#target.port, host: '127.0.0.1', noDelay: true });
    const reader = new HttpMessageReader((message) => this.#answered(message), { keepBody: false });
    socket.on('data', (bytes) => reader.push(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#broken());
    return socket;
  }

  #answered(message: HttpMessage): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    this.#underWay = undefined;
    underWay.tally.answered(message, this.#target, underWay.sinceMs);
    this.#onFree(this);
  }

  #broken(): void {
    if (this.#closed) return;
    if (this.#underWay !== undefined) this.#underWay.tally.errors++;
    this.#underWay = undefined;
    // Not at once: a contender that refuses everything must not turn this into a busy loop.
    setTimeout(() => {
      if (this.#closed) return;
      this.#socket = this.#open();
      this.#onFree(this);
    }, 20);
  }
}

/** Every connection sends its next request as soon as it has its answer. */
export async function closedLoop(
  target: LoadTarget,
  connectionCount: number,
  seconds: number,
): Promise<LoadResult> {
  const tally = new Tally();
  let sending = true;
  const next = (connection: Connection): void => {
    if (sending) connection.send(tally, performance.now());
  };
  const startMs = performance.now();
  tally.endMs = startMs + seconds * 1000;
  const connections = Array.from({ length: connectionCount }, () => new Connection(target, next));
  connections.forEach(next);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  sending = false;
  await drain(connections, tally);
  return tally.result(seconds * 1000);
}

/**
 * Requests are due at fixed times whatever the contender does, and latency counts from when a request was
 * due, not from when a connection was free for it: a contender that stalls cannot hide its stall
 * ("coordinated omission"). Timers here tick in milliseconds; that delay is in every figure,
 * the stub's as well, which is why added latency is a difference.
 */
export async function openLoop(
  target: LoadTarget,
  connectionCount: number,
  perSecond: number,
  seconds: number,
): Promise<LoadResult> {
  const tally = new Tally();
  const free: Connection[] = [];
  const total = Math.floor(perSecond * seconds);
  const startMs = performance.now();
  tally.endMs = startMs + seconds * 1000 + DRAIN_MS_MAX;
  let sent = 0;
  const sendDue = (): void => {
    for (;;) {
      const dueMs = startMs + (sent / perSecond) * 1000;
      if (sent >= total || dueMs > performance.now()) return;
      const connection = free.pop();
      if (connection === undefined) return;
      sent++;
      connection.send(tally, dueMs);
    }
  };
  const onFree = (connection: Connection): void => {
    free.push(connection);
    sendDue();
  };
  const connections = Array.from({ length: connectionCount }, () => new Connection(target, onFree));
  free.push(...connections);
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      sendDue();
      if (sent < total && performance.now() < tally.endMs) return;
      clearInterval(tick);
      resolve();
    }, 1);
  });
  tally.errors += total - sent;
  sent = total;
  await drain(connections, tally);
  return tally.result(seconds * 1000);
}

async function drain(connections: readonly Connection[], tally: Tally): Promise<void> {
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  while (connections.some(({ busy }) => busy) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  tally.errors += connections.filter(({ busy }) => busy).length;
  for (const connection of connections) connection.close();
}

/** The value below which `share` of an ascending array lies. */
export function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
