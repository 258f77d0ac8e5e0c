import { SekishoError } from '@sekisho/contract';
import type { LogKeyList, LogKeySummary } from '@sekisho/contract';
import { formatVerifierKeys } from '@sekisho/proof';
import type { KeyMark } from '@sekisho/proof';
import type { Clock } from '../base/clock.ts';
import type { KeyChange, Ledger, LogKey, LogName } from '../domains/ledger/index.ts';
import { parseEntry, readEntryBytes } from './read-ledger-entry.ts';

/**
 * Changes which keys sign a log. Each change is an entry of that log, and is answered when a checkpoint
 * over it is published and the cell's key file says it too.
 */
export class RotateLogKeys {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  /** Writes the cell's key file anew. */
  readonly #changed: () => Promise<void>;

  constructor(ledger: Ledger, clock: Clock, changed: () => Promise<void>) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#changed = changed;
  }

  async list(): Promise<LogKeyList> {
    const keys = this.#ledger
      .logs()
      .flatMap((log) => this.#ledger.verifierKeys(log).map((key) => this.#summary(log, key)));
    return { keys: await Promise.all(keys) };
  }

  async rotate(log: LogName, by: string): Promise<LogKeySummary> {
    return this.#change(log, { change: 'introduce' }, by);
  }

  /** Rejects with `log_key_refused` before the other keys have signed for `overlapSecondsMin`. */
  async retire(
    log: LogName,
    { keyId, overlapSecondsMin }: { readonly keyId: string; readonly overlapSecondsMin: number },
    by: string,
  ): Promise<LogKeySummary> {
    const { verifierKey } = this.#find(log, keyId);
    await this.#requireOverlap(log, verifierKey, overlapSecondsMin);
    return this.#change(log, { change: 'retire', verifierKey }, by);
  }

  async compromised(
    log: LogName,
    { keyId, trustedToSize }: { readonly keyId: string; readonly trustedToSize: number },
    by: string,
  ): Promise<LogKeySummary> {
    const { verifierKey } = this.#find(log, keyId);
    return this.#change(log, { change: 'compromise', verifierKey, trustedToSize }, by);
  }

  async #change(log: LogName, change: KeyChange, by: string): Promise<LogKeySummary> {
    if (!this.#ledger.logs().includes(log)) throw new SekishoError('not_found', log);
    const key = await this.#ledger.changeKeys(log, change, by);
    await this.#changed();
    return this.#summary(log, key);
  }

  #find(log: LogName, keyId: string): LogKey {
    const keys = this.#ledger.verifierKeys(log).filter(({ verifierKey }) => keyIdOf(verifierKey) === keyId);
    const [key, other] = keys;
    // Ids are four bytes: of two keys that share one, no word can name either.
    if (key === undefined || other !== undefined) throw new SekishoError('not_found', `${log}/${keyId}`);
    return key;
  }

  async #requireOverlap(log: LogName, verifierKey: string, overlapSecondsMin: number): Promise<void> {
    if (overlapSecondsMin === 0) return;
    const others = this.#ledger
      .verifierKeys(log)
      .filter((key) => key.standing.state === 'signing' && key.verifierKey !== verifierKey);
    const since = await Promise.all(others.map(async (key) => (await this.#summary(log, key)).since ?? ''));
    const longEnough = since.some(
      (time) => Date.parse(time) + overlapSecondsMin * 1000 <= this.#clock.nowMs(),
    );
    if (longEnough || others.length === 0) return;
    throw new SekishoError('log_key_refused', {
      ja: `別の鍵が署名を始めてから${overlapSecondsMin}秒たっていません。`,
      en: `No other key has signed for ${overlapSecondsMin} s yet.`,
    });
  }

  async #summary(log: LogName, { verifierKey, standing }: LogKey): Promise<LogKeySummary> {
    const { state } = standing;
    const keyId = keyIdOf(verifierKey);
    if (state === 'pending') return { log, keyId, verifierKey, state };
    const { fromSize } = standing;
    // The entry before the first tree that it signs; of the first key, the genesis.
    const entry = parseEntry(await readEntryBytes(this.#ledger, log, Math.max(0, fromSize - 1)));
    return {
      log,
      keyId,
      verifierKey,
      state,
      fromSize,
      ...(state === 'signing' ? {} : { toSize: standing.toSize }),
      ...(state === 'compromised' ? { trustedToSize: standing.trustedToSize } : {}),
      since: entry.time,
    };
  }
}

/** The cell's key file: retired keys marked, compromised ones in a comment, pending ones left out. */
export function verifierKeyFile(ledger: Ledger): string {
  const keys = ledger.logs().flatMap((log) =>
    ledger.verifierKeys(log).flatMap(({ verifierKey, standing }) => {
      if (standing.state === 'pending') return [];
      const mark = markOf(standing);
      return [mark === undefined ? { verifierKey } : { verifierKey, mark }];
    }),
  );
  return formatVerifierKeys("C2SP signed-note verifier keys of this cell's logs, one a line.", keys);
}

/** Writes the key file as it is by then, one write at a time: logs change their keys beside each other. */
export function keyFileWriter(ledger: Ledger, write: (text: string) => Promise<void>): () => Promise<void> {
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    const written = turn.then(() => write(verifierKeyFile(ledger)));
    turn = written.catch(() => undefined);
    return written;
  };
}

/** Keys whose signature stands for the log, old ones too. */
export function trustedVerifierKeys(ledger: Ledger, log: LogName): string[] {
  return ledger
    .verifierKeys(log)
    .filter(({ standing }) => standing.state === 'signing' || standing.state === 'retired')
    .map(({ verifierKey }) => verifierKey);
}

function markOf(standing: Exclude<LogKey['standing'], { state: 'pending' }>): KeyMark | undefined {
  if (standing.state === 'signing') return undefined;
  return standing.state === 'retired'
    ? { state: 'retired', toSize: standing.toSize }
    : { state: 'compromised', trustedToSize: standing.trustedToSize };
}

/** The middle part of a vkey. */
export function keyIdOf(verifierKey: string): string {
  return verifierKey.split('+')[1] ?? '';
}
