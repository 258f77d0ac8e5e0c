import { LogKeyEntry, SekishoError } from '@sekisho/contract';
import { Refusal, parseCanonicalJson, parseCheckpoint, parseNote, parseVerifierKey } from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';
import type { KeyStanding } from './key-standing.ts';
import type { LogKey } from './ledger.ts';
import type { SigningKey, SigningKeyStore, StoredKey } from './ports.ts';

interface RingKey extends StoredKey {
  readonly verifier: VerifierKey;
}

/** A `log-key` entry at its place in the log. */
export interface KeyEvent {
  readonly entry: LogKeyEntry;
  readonly index: number;
}

/** What entries of a log say of its keys; the first of them has this index. */
export function keyEventsAmong(entries: readonly Uint8Array[], first: number): KeyEvent[] {
  return entries.flatMap((bytes, at) => {
    const entry = keyEntryOf(bytes);
    return entry === undefined ? [] : [{ entry, index: first + at }];
  });
}

/**
 * The keys of one log, oldest first. Which of them sign a tree follows from the `log-key` entries that
 * the tree holds, so that every tree has one set of signers, whoever signs it and after whatever crash.
 */
export class LogKeys {
  /** Origin of the log, and name of all its keys. */
  readonly name: string;
  readonly #store: SigningKeyStore;
  #keys: readonly RingKey[];
  /** As the store has them. */
  #stored: readonly RingKey[];
  /** That led from the keys of which these are the later ones. */
  #events: readonly KeyEvent[] = [];

  private constructor(store: SigningKeyStore, name: string, keys: readonly StoredKey[]) {
    this.name = name;
    this.#store = store;
    this.#keys = keys.map(ringKey);
    this.#stored = this.#keys;
  }

  /** Rejects with `keystore_unusable` when a stored key cannot be opened; undefined when there is none. */
  static async open(store: SigningKeyStore, name: string): Promise<LogKeys | undefined> {
    const keys = await store.keysOf(name);
    return keys.length === 0 ? undefined : new LogKeys(store, name, keys);
  }

  static async openOrCreate(store: SigningKeyStore, name: string): Promise<LogKeys> {
    return new LogKeys(store, name, await store.findOrCreate(name));
  }

  list(): readonly LogKey[] {
    return this.#keys.map(({ verifierKey, standing }) => ({ verifierKey, standing }));
  }

  /**
   * Keys whose signature under a stored checkpoint of this size means that this cell published it. Also
   * one that is pending: its entry may be in the tree, and a crash came before that was noted.
   */
  verifiersAt(size: number): readonly VerifierKey[] {
    return this.#keys.filter(({ standing }) => vouches(standing, size)).map(({ verifier }) => verifier);
  }

  /** Who signs a tree of this size, oldest first: an old reader finds its key on the first line. */
  signersAt(size: number): readonly [SigningKey, ...SigningKey[]] {
    const [first, ...others] = this.#keys.flatMap(({ standing, signer }) =>
      signer !== undefined && signs(standing, size) ? [signer] : [],
    );
    if (first === undefined) throw new SekishoError('keystore_unusable', `${this.name}: no key to sign with`);
    return [first, ...others];
  }

  newestSignerAt(size: number): SigningKey {
    const signers = this.signersAt(size);
    return signers.at(-1) ?? signers[0];
  }

  /** Index from which on the log's entries may say more than the store does; undefined where none can. */
  get lookFrom(): number | undefined {
    const begun = this.#keys.flatMap(({ standing }) =>
      'lookFrom' in standing && standing.lookFrom !== undefined ? [standing.lookFrom] : [],
    );
    return begun.length === 0 ? undefined : Math.min(...begun);
  }

  /**
   * Reads the store again when an entry introduces a key that is not known here: another process of this
   * cell made it, and here it must sign as well.
   */
  async learn(events: readonly KeyEvent[]): Promise<void> {
    const known = (vkey: string): boolean => this.#keys.some(({ verifierKey }) => verifierKey === vkey);
    const isNew = ({ entry }: KeyEvent): boolean => entry.event === 'introduced' && !known(entry.verifierKey);
    if (!events.some(isNew)) return;
    const made = (await this.#store.keysOf(this.name))
      .filter(({ verifierKey }) => !known(verifierKey))
      .map(ringKey);
    this.#keys = [...this.#keys, ...made];
    this.#stored = [...this.#stored, ...made];
  }

  /** These keys after further entries of the log, for a tree that is not published yet. */
  after(events: readonly KeyEvent[]): LogKeys {
    const next = new LogKeys(this.#store, this.name, []);
    next.#keys = events.reduce(applyEvent, this.#keys);
    next.#events = events;
    return next;
  }

  /** Takes over what {@link after} gave, once that tree is published. A key that was made meanwhile stays. */
  become(next: LogKeys): void {
    this.#keys = next.#events.reduce(applyEvent, this.#keys);
  }

  /** No entry below `size` says more of the keys that still wait for one. */
  lookedUntil(size: number): void {
    this.#keys = this.#keys.map((key) => {
      const waits = 'lookFrom' in key.standing && key.standing.lookFrom !== undefined;
      return waits ? { ...key, standing: { ...key.standing, lookFrom: size } } : key;
    });
  }

  /**
   * Reads the store again when others sign than these keys say: another process of this cell changed
   * them. Says nothing about whether the note is good.
   */
  async followSigners(note: string): Promise<void> {
    const signed = signersNamedBy(note, this.name);
    const expected = this.#keys.filter(({ standing }) => signs(standing, signed.size));
    const same =
      signed.keyIds.length === expected.length &&
      expected.every(({ verifier }) => signed.keyIds.includes(verifier.keyId));
    if (same) return;
    this.#keys = (await this.#store.keysOf(this.name)).map(ringKey);
    this.#stored = this.#keys;
  }

  /** Makes the store say what the entries of the published tree said. Does nothing where it does. */
  async settle(): Promise<void> {
    for (const { verifierKey, standing } of this.#keys) {
      const stored = this.#stored.find((key) => key.verifierKey === verifierKey);
      // A key that another keystore made cannot be stored in this one.
      if (stored === undefined || stored.standing === standing) continue;
      await this.#store.setStanding(this.name, verifierKey, standing);
    }
    this.#stored = this.#keys;
  }

  /** The key that waits for its introduction, made now if there is none. Durable. */
  async pendingKey(size: number): Promise<LogKey> {
    const pending = this.#keys.find(({ standing }) => standing.state === 'pending');
    const standing: KeyStanding = { state: 'pending', lookFrom: size };
    if (pending !== undefined) {
      await this.#put(pending, standing);
      return { verifierKey: pending.verifierKey, standing };
    }
    const made = ringKey(await this.#store.add(this.name, standing));
    this.#keys = [...this.#keys, made];
    this.#stored = [...this.#stored, made];
    return made;
  }

  /** Notes durably that the key is about to end, when the log has this size. */
  async noteEnding(verifierKey: string, size: number): Promise<void> {
    const key = this.#keys.find((known) => known.verifierKey === verifierKey);
    if (key?.standing.state !== 'signing') return;
    await this.#put(key, { ...key.standing, lookFrom: size });
  }

  async #put(key: RingKey, standing: KeyStanding): Promise<void> {
    await this.#store.setStanding(this.name, key.verifierKey, standing);
    const replaced = (keys: readonly RingKey[]): readonly RingKey[] =>
      keys.map((known) => (known.verifierKey === key.verifierKey ? { ...known, standing } : known));
    this.#keys = replaced(this.#keys);
    this.#stored = this.#keys;
  }
}

function ringKey(key: StoredKey): RingKey {
  return { ...key, verifier: parseVerifierKey(key.verifierKey) };
}

/** Ids of the keys of that name under a note; none under what is no checkpoint. */
function signersNamedBy(note: string, name: string): { readonly size: number; readonly keyIds: number[] } {
  try {
    const { body, signatures } = parseNote(note);
    const keyIds = signatures.filter((line) => line.name === name).map(({ keyId }) => keyId);
    return { size: parseCheckpoint(body).size, keyIds };
  } catch (error) {
    if (error instanceof Refusal) return { size: 0, keyIds: [] };
    throw error;
  }
}

function signs(standing: KeyStanding, size: number): boolean {
  return standing.state === 'signing' && size >= standing.fromSize;
}

function vouches(standing: KeyStanding, size: number): boolean {
  switch (standing.state) {
    case 'pending':
    case 'signing':
      return true;
    case 'retired':
      // A larger tree was never signed by this key alone.
      return size <= standing.toSize;
    case 'compromised':
      return false;
  }
}

function applyEvent(keys: readonly RingKey[], { entry, index }: KeyEvent): readonly RingKey[] {
  const at = keys.findIndex((key) => key.verifierKey === entry.verifierKey);
  const key = keys[at];
  if (key === undefined) {
    if (entry.event !== 'introduced') return keys;
    const standing: KeyStanding = { state: 'signing', fromSize: index + 1 };
    return [...keys, ringKey({ verifierKey: entry.verifierKey, standing })];
  }
  const standing = standingAfter(key.standing, entry, index);
  return standing === key.standing ? keys : keys.with(at, { ...key, standing });
}

/** The same object where the event says nothing new: entries come again after a crash. */
function standingAfter(standing: KeyStanding, entry: LogKeyEntry, index: number): KeyStanding {
  if (entry.event === 'introduced') {
    return standing.state === 'pending' ? { state: 'signing', fromSize: index + 1 } : standing;
  }
  if (standing.state === 'pending' || standing.state === 'compromised') return standing;
  const { fromSize } = standing;
  const toSize = standing.state === 'retired' ? standing.toSize : index;
  if (entry.event === 'compromised') {
    return { state: 'compromised', fromSize, toSize, trustedToSize: entry.trustedToSize ?? 0 };
  }
  return standing.state === 'retired' ? standing : { state: 'retired', fromSize, toSize };
}

/** How canonical JSON writes the kind; in a text inside an entry the quotes are escaped. */
const KEY_ENTRY_MARK = Buffer.from('"kind":"log-key"');

/** Undefined for entries of other kinds, and for bytes that no ledger of ours wrote. */
function keyEntryOf(bytes: Uint8Array): LogKeyEntry | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes(KEY_ENTRY_MARK)) return undefined;
  try {
    return LogKeyEntry.safeParse(parseCanonicalJson(bytes)).data;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
