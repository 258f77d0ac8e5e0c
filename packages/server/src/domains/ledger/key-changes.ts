import { SekishoError } from '@sekisho/contract';
import type { Bilingual, LogKeyEntry } from '@sekisho/contract';
import { timestamp } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { SIGNING_KEYS_MAX } from './ledger.ts';
import type { AppendedEntry, KeyChange, LogKey, LogName } from './ledger.ts';
import type { LogTree } from './log-tree.ts';

/** What a change of keys needs of the ledger: to write an entry, and to see it published. */
export interface KeyChangeRoad {
  append(log: LogName, entry: LogKeyEntry): Promise<AppendedEntry>;
  /** Resolves when a published checkpoint covers the entry, and its keys are settled. */
  published(log: LogName, index: number): Promise<void>;
}

/**
 * Changes the keys that sign a log. Crash order:
 *
 * 1. a new key is durable as `pending`, or a key that is to end is marked (a crash leaves a mark
 *    without an entry: opening looks for one in vain, and the mark stands for the next change)
 * 2. the `log-key` entry is durable (from here on the change is made: the entry comes again)
 * 3. `LogTree.grow` publishes a checkpoint that its new signers sign, and notes the new standings
 *
 * Nothing here undoes or repeats anything at a start: opening the tree reads the marks.
 */
export class KeyChanges {
  readonly #road: KeyChangeRoad;
  readonly #clock: Clock;
  readonly #turns = new Map<LogName, Promise<unknown>>();

  constructor(road: KeyChangeRoad, clock: Clock) {
    this.#road = road;
    this.#clock = clock;
  }

  /** As `Ledger.changeKeys`. */
  take(tree: LogTree, change: KeyChange, principal: string): Promise<LogKey> {
    const before = this.#turns.get(tree.log) ?? Promise.resolve();
    const turn = before.then(() => this.#make(tree, change, principal));
    this.#turns.set(
      tree.log,
      turn.catch(() => undefined),
    );
    return turn;
  }

  #make(tree: LogTree, change: KeyChange, principal: string): Promise<LogKey> {
    switch (change.change) {
      case 'introduce':
        return this.#introduce(tree, principal);
      case 'retire':
        return this.#retire(tree, change.verifierKey, principal);
      case 'compromise':
        return this.#compromise(tree, change, principal);
    }
  }

  async #introduce(tree: LogTree, principal: string): Promise<LogKey> {
    if (signingKeys(tree).length >= SIGNING_KEYS_MAX) refuse('signing_keys_max');
    const { verifierKey } = await tree.keys.pendingKey(tree.size);
    return this.#record(tree, { event: 'introduced', verifierKey }, principal);
  }

  async #retire(tree: LogTree, verifierKey: string, principal: string): Promise<LogKey> {
    if (keyOf(tree, verifierKey).standing.state !== 'signing') refuse('not_signing');
    if (signingKeys(tree).length < 2) refuse('last_key');
    return this.#end(tree, { event: 'retired', verifierKey }, principal);
  }

  async #compromise(
    tree: LogTree,
    { verifierKey, trustedToSize }: Extract<KeyChange, { change: 'compromise' }>,
    principal: string,
  ): Promise<LogKey> {
    const { state } = keyOf(tree, verifierKey).standing;
    if (state !== 'signing' && state !== 'retired') refuse('not_signing');
    if (!Number.isSafeInteger(trustedToSize) || trustedToSize < 0 || trustedToSize > tree.size) {
      refuse('trusted_to_size');
    }
    const others = signingKeys(tree).filter((key) => key.verifierKey !== verifierKey);
    if (others.length === 0) await this.#introduce(tree, principal);
    return this.#end(tree, { event: 'compromised', verifierKey, trustedToSize }, principal);
  }

  async #end(tree: LogTree, fact: KeyFact, principal: string): Promise<LogKey> {
    await tree.keys.noteEnding(fact.verifierKey, tree.size);
    return this.#record(tree, fact, principal);
  }

  async #record(tree: LogTree, fact: KeyFact, principal: string): Promise<LogKey> {
    const time = timestamp(this.#clock);
    const entry: LogKeyEntry = { version: 1, kind: 'log-key', time, principal, ...fact };
    const { index } = await this.#road.append(tree.log, entry);
    await this.#road.published(tree.log, index);
    return keyOf(tree, fact.verifierKey);
  }
}

type KeyFact = Pick<LogKeyEntry, 'event' | 'verifierKey' | 'trustedToSize'>;

function signingKeys(tree: LogTree): readonly LogKey[] {
  return tree.keys.list().filter(({ standing }) => standing.state === 'signing');
}

function keyOf(tree: LogTree, verifierKey: string): LogKey {
  const key = tree.keys.list().find((known) => known.verifierKey === verifierKey);
  if (key === undefined) throw new SekishoError('not_found', verifierKey);
  return key;
}

type Reason = 'signing_keys_max' | 'not_signing' | 'last_key' | 'trusted_to_size';

const reasons = {
  signing_keys_max: {
    ja: `署名中の鍵は${SIGNING_KEYS_MAX}本までです。先に古い鍵を退役させてください。`,
    en: `At most ${SIGNING_KEYS_MAX} keys sign at a time. Retire an old one first.`,
  },
  not_signing: { ja: 'この鍵は署名していません。', en: 'This key does not sign.' },
  last_key: {
    ja: '署名する鍵がなくなります。先に鍵を交代(rotate)してください。',
    en: 'No key would be left to sign. Rotate first.',
  },
  trusted_to_size: {
    ja: '信頼できる大きさが、台帳の大きさを超えています。',
    en: 'The trusted size is above the size of the log.',
  },
} as const satisfies Record<Reason, Bilingual>;

function refuse(reason: Reason): never {
  throw new SekishoError('log_key_refused', reasons[reason]);
}
