import type { LogKeyEntry } from '@sekisho/contract';
import type { AuditRecord } from './audit-record.ts';
import type { AuditedKey, CompromisedRange } from './audit-report.ts';
import { Refusal } from './refusal.ts';
import { verifiedSignatures } from './signed-note.ts';
import { formatKeyId, formatVerifierKey, parseVerifierKey } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

/** A log that changes its keys more often is not judged further. */
const KEY_ENTRIES_MAX = 256;

interface KeyEntryAt {
  readonly entry: LogKeyEntry;
  readonly index: number;
  /** Intents before it. */
  readonly intents: number;
}

/** A key of the log, and what the log says about it. */
export interface KeyLife {
  readonly key: VerifierKey;
  readonly verifierKey: string;
  trust: AuditedKey['trust'];
  introducedAt: number | null;
  retiredAt: number | null;
  compromised: { readonly at: number; readonly trustedToSize: number; readonly intents: number } | null;
}

/** What one key's signature says about a tree of some size. */
export type KeyStanding = 'good' | 'doubtful' | 'revoked' | 'early';

/** A note whose root the entries lead to: what it signs, it signs with all that the tree holds. */
export interface VouchingNote {
  readonly note: string;
  readonly size: number;
}

/**
 * The keys of one log over its life, by its `log-key` entries. Trust begins with the keys that the auditor
 * gives. A tree signed by a trusted key vouches for the keys introduced in it. Nothing in the log takes the
 * place of a given key: another key of the same id is none.
 */
export class KeyTimeline {
  readonly #origin: string;
  readonly #record: AuditRecord;
  readonly #given: readonly VerifierKey[];
  readonly #entries: KeyEntryAt[] = [];
  readonly #lives = new Map<string, KeyLife>();
  /** By note, then by key: whether the signature verifies. Notes are few. */
  readonly #verified = new Map<string, Map<KeyLife, SignatureState>>();
  #overflowed = false;

  constructor(origin: string, given: readonly VerifierKey[], record: AuditRecord) {
    this.#origin = origin;
    this.#record = record;
    this.#given = given.filter((key) => key.role === 'log' && key.name === origin);
    for (const key of this.#given) this.#lifeOf(key).trust = { kind: 'given' };
  }

  /** An entry of the log, in its order. */
  take(entry: LogKeyEntry, index: number, intents: number): void {
    this.#record.did('keys');
    if (this.#overflowed) return;
    if (this.#entries.length === KEY_ENTRIES_MAX) {
      this.#overflowed = true;
      this.#record.foundWhole('too_many_log_keys', index);
      return;
    }
    this.#entries.push({ entry, index, intents });
  }

  /** After the last entry: what they say, and which keys the matching notes vouch for. */
  resolve(notes: readonly VouchingNote[]): void {
    this.#readEntries();
    // Each round trusts a key more, or ends.
    while (notes.some((note) => this.#vouch(note))) continue;
  }

  /** Trusted keys whose signature on the note verifies, and `bad` where that of one does not. */
  signersOf(note: string): { readonly signers: readonly KeyLife[]; readonly bad: boolean } {
    const trusted = this.trusted();
    return {
      signers: trusted.filter((life) => this.#signatureOf(note, life) === 'good'),
      bad: trusted.some((life) => this.#signatureOf(note, life) === 'bad'),
    };
  }

  trusted(): KeyLife[] {
    return [...this.#lives.values()].filter(({ trust }) => trust.kind !== 'none');
  }

  keys(): AuditedKey[] {
    return [...this.#lives.values()].map((life) => ({
      verifierKey: life.verifierKey,
      keyId: formatKeyId(life.key.keyId),
      trust: life.trust,
      introducedAt: life.introducedAt,
      retiredAt: life.retiredAt,
      compromisedAt: life.compromised?.at ?? null,
    }));
  }

  /** `intentsBefore` counts the intents before an index; undefined where they cannot be read again. */
  async compromisedRanges(
    intentsBefore: (index: number) => Promise<number | undefined>,
  ): Promise<CompromisedRange[]> {
    const ranges: CompromisedRange[] = [];
    for (const life of this.#lives.values()) {
      if (life.compromised === null) continue;
      const { at, intents } = life.compromised;
      const from = Math.min(life.compromised.trustedToSize, at);
      const before = from === at ? intents : await intentsBefore(from);
      ranges.push({
        keyId: formatKeyId(life.key.keyId),
        from,
        to: at,
        crossings: before === undefined ? null : intents - before,
        alone: this.#aloneFrom(life, from, at),
      });
    }
    return ranges;
  }

  #readEntries(): void {
    const introduced = introducedKeys(this.#entries);
    // No entry introduces the key that the log began with: a given one, else the first that is revoked.
    const inForce = new Set(
      [...this.#lives.values()].filter(({ verifierKey }) => !introduced.has(verifierKey)),
    );
    let firstIsUnknown = inForce.size === 0;
    const revoked = new Set<KeyLife>();
    for (const each of this.#entries) {
      const { entry, index } = each;
      const key = this.#keyOf(entry, index);
      if (key === undefined) continue;
      if (entry.event === 'introduced') {
        const known = this.#lives.get(entry.verifierKey);
        if (known === undefined ? this.#hasId(key) : inForce.has(known) || revoked.has(known)) {
          this.#record.found('log_key_repeated', index, formatKeyId(key.keyId));
          continue;
        }
        const life = this.#lifeOf(key);
        life.introducedAt = index;
        inForce.add(life);
        continue;
      }
      const life = this.#lives.get(entry.verifierKey);
      const isFirst = firstIsUnknown && !introduced.has(entry.verifierKey);
      // A key may turn out to be compromised after it was retired.
      const late = entry.event === 'compromised' && life !== undefined && revoked.has(life);
      if (!isFirst && (life === undefined || (!inForce.has(life) && (!late || life.compromised !== null)))) {
        this.#record.found('log_key_not_in_force', index, formatKeyId(key.keyId));
        continue;
      }
      firstIsUnknown &&= !isFirst;
      const ended = life ?? this.#lifeOf(key);
      revoke(ended, each);
      inForce.delete(ended);
      revoked.add(ended);
      if (inForce.size === 0 && !firstIsUnknown) {
        this.#record.found('log_without_key', index, formatKeyId(key.keyId));
      }
    }
  }

  #keyOf(entry: LogKeyEntry, index: number): VerifierKey | undefined {
    const key = parsedKey(entry.verifierKey);
    if (key !== undefined && key.role === 'log' && key.name === this.#origin) return key;
    this.#record.found('log_key_foreign', index, entry.verifierKey);
    return undefined;
  }

  /** Whether another key has that id: notes name keys by it, so one of them would pass for the other. */
  #hasId(key: VerifierKey): boolean {
    return [...this.#lives.values()].some((life) => life.key.keyId === key.keyId);
  }

  #lifeOf(key: VerifierKey): KeyLife {
    const verifierKey = formatVerifierKey(key.name, key.publicKey, key.type);
    const before = this.#lives.get(verifierKey);
    if (before !== undefined) return before;
    const life: KeyLife = {
      key,
      verifierKey,
      trust: { kind: 'none' },
      introducedAt: null,
      retiredAt: null,
      compromised: null,
    };
    this.#lives.set(verifierKey, life);
    return life;
  }

  #vouch({ note, size }: VouchingNote): boolean {
    const voucher = this.signersOf(note).signers.find((life) => keyStanding(life, size) === 'good');
    if (voucher === undefined) return false;
    const treeSize = size;
    const vouched = [...this.#lives.values()].filter(
      ({ trust, introducedAt }) => trust.kind === 'none' && introducedAt !== null && introducedAt < treeSize,
    );
    for (const life of vouched) {
      life.trust = { kind: 'vouched', byKeyId: formatKeyId(voucher.key.keyId), treeSize };
    }
    return vouched.length > 0;
  }

  #signatureOf(note: string, life: KeyLife): SignatureState {
    const ofNote = this.#verified.get(note) ?? new Map<KeyLife, SignatureState>();
    this.#verified.set(note, ofNote);
    const state = ofNote.get(life) ?? signatureState(note, life.key);
    ofNote.set(life, state);
    return state;
  }

  /** The entries from `from` on that only trees of this key alone held when they were new. */
  #aloneFrom(life: KeyLife, from: number, to: number): CompromisedRange['alone'] {
    const others = [...this.#lives.values()].filter((other) => other !== life && other.trust.kind !== 'none');
    const spans = others.map((other) => ({
      first: other.introducedAt === null ? 0 : other.introducedAt + 1,
      last: revokedAt(other) ?? Number.POSITIVE_INFINITY,
    }));
    if (from === to || spans.some(({ first, last }) => first <= from + 1 && from + 1 <= last)) return null;
    const joined = spans.map(({ first }) => first - 1).filter((size) => size > from);
    return { from, to: Math.min(to, ...joined) };
  }
}

/** What the log says about a signature of this key under a tree of `size` leaves. */
export function keyStanding(life: KeyLife, size: number): KeyStanding {
  const end = revokedAt(life);
  if (end !== null && size > end) return 'revoked';
  if (life.compromised !== null && size > life.compromised.trustedToSize) return 'doubtful';
  // Whom the auditor trusts, the auditor trusts from the first entry on.
  const early = life.trust.kind !== 'given' && life.introducedAt !== null && size <= life.introducedAt;
  return early ? 'early' : 'good';
}

/** Index of the entry after which a tree may no longer be signed by this key. */
export function revokedAt({ retiredAt, compromised }: KeyLife): number | null {
  if (retiredAt === null || compromised === null) return retiredAt ?? compromised?.at ?? null;
  return Math.min(retiredAt, compromised.at);
}

function revoke(life: KeyLife, { entry, index, intents }: KeyEntryAt): void {
  if (entry.event === 'retired') life.retiredAt = index;
  else life.compromised = { at: index, trustedToSize: entry.trustedToSize ?? 0, intents };
}

/** Keys that the log introduces before it says anything else of them. */
function introducedKeys(entries: readonly KeyEntryAt[]): ReadonlySet<string> {
  const firstEvents = new Map<string, LogKeyEntry['event']>();
  for (const { entry } of entries) {
    if (!firstEvents.has(entry.verifierKey)) firstEvents.set(entry.verifierKey, entry.event);
  }
  return new Set([...firstEvents].flatMap(([key, event]) => (event === 'introduced' ? [key] : [])));
}

function parsedKey(verifierKey: string): VerifierKey | undefined {
  try {
    return parseVerifierKey(verifierKey);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

type SignatureState = 'good' | 'bad' | 'absent';

function signatureState(note: string, key: VerifierKey): SignatureState {
  try {
    return verifiedSignatures(note, [key]).signatures.length > 0 ? 'good' : 'absent';
  } catch (error) {
    if (error instanceof Refusal) return 'bad';
    throw error;
  }
}
