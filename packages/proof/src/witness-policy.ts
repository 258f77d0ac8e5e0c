import { equalBytes, textOfUtf8 } from './byte-encodings.ts';
import { Refusal } from './refusal.ts';
import { parseVerifierKey } from './verifier-key.ts';
import type { KeyRole, VerifierKey } from './verifier-key.ts';

/**
 * C2SP tlog-policy: which logs and witnesses one knows, and which of the witnesses must have
 * cosigned a checkpoint.
 */
export interface WitnessPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly quorum: Quorum;
}

export interface PolicyLog {
  readonly key: VerifierKey;
  readonly url?: string;
}

export interface PolicyWitness {
  /** Its name in this file; the key has a name of its own. */
  readonly name: string;
  readonly key: VerifierKey;
  readonly url?: string;
}

/** Who must have cosigned. A group stands for at least `threshold` of its members. */
export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly name: string }
  | {
      readonly kind: 'group';
      readonly name: string;
      readonly threshold: number;
      readonly members: readonly Quorum[];
    };

export const POLICY_BYTES_MAX = 1024 * 1024;
/** Logs, witnesses and groups, each. The specification asks for 32 at least. */
const POLICY_NAMES_MAX = 256;
const TOKEN_LENGTH_MAX = 8192;

/**
 * Reads a policy file. Throws Refusal `policy_malformed`, or what is wrong with a verifier key, with
 * the line in `where`.
 */
export function parseWitnessPolicy(bytes: Uint8Array): WitnessPolicy {
  if (bytes.length > POLICY_BYTES_MAX) throw new Refusal('policy_malformed');
  // Octets above 7F are opaque. Both readings keep different octets different; the second is for files that are not UTF-8.
  const text = textOfUtf8(bytes) ?? Array.from(bytes, (octet) => String.fromCharCode(octet)).join('');
  // An unterminated last line may be a file that was cut short.
  if (text !== '' && !text.endsWith('\n')) throw new Refusal('policy_malformed', 'end');
  const policy = new PolicyLines();
  for (const [at, line] of text.split('\n').slice(0, -1).entries()) {
    try {
      policy.read(line);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.code, `line ${at + 1}`);
      throw error;
    }
  }
  return policy.finish();
}

class PolicyLines {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  /** Witnesses and groups share their names. */
  readonly #named = new Map<string, Quorum>();
  /** A name is a member once at most, so that no witness counts twice. */
  readonly #members = new Set<string>();
  #groups = 0;
  #quorum: Quorum | undefined;

  read(line: string): void {
    // oxlint-disable-next-line no-control-regex -- the format allows tab and no other control character
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) throw malformed();
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) return;
    if (items.some((item) => item.length > TOKEN_LENGTH_MAX)) throw malformed();
    if (keyword === 'log') this.#log(items);
    else if (keyword === 'witness') this.#witness(items);
    else if (keyword === 'group') this.#group(items);
    else if (keyword === 'quorum') this.#setQuorum(items);
    else throw malformed();
  }

  finish(): WitnessPolicy {
    if (this.#quorum === undefined) throw new Refusal('policy_malformed', 'quorum');
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum };
  }

  #log([vkey, url, ...rest]: readonly string[]): void {
    if (vkey === undefined || rest.length > 0) throw malformed();
    const key = keyOfRole(vkey, 'log', this.#logs);
    this.#logs.push({ key, ...(url !== undefined && { url }) });
  }

  #witness([name, vkey, url, ...rest]: readonly string[]): void {
    if (name === undefined || vkey === undefined || rest.length > 0) throw malformed();
    const key = keyOfRole(vkey, 'cosigner', this.#witnesses);
    this.#define(name, { kind: 'witness', name });
    this.#witnesses.push({ name, key, ...(url !== undefined && { url }) });
  }

  #group([name, count, ...names]: readonly string[]): void {
    if (name === undefined || count === undefined || names.length === 0) throw malformed();
    if (++this.#groups > POLICY_NAMES_MAX) throw malformed();
    const members = names.map((member) => {
      const quorum = this.#named.get(member);
      if (quorum === undefined || this.#members.has(member)) throw malformed();
      this.#members.add(member);
      return quorum;
    });
    this.#define(name, { kind: 'group', name, threshold: thresholdOf(count, members.length), members });
  }

  #setQuorum([name, ...rest]: readonly string[]): void {
    if (name === undefined || rest.length > 0 || this.#quorum !== undefined) throw malformed();
    const quorum: Quorum | undefined = name === 'none' ? { kind: 'none' } : this.#named.get(name);
    if (quorum === undefined) throw malformed();
    this.#quorum = quorum;
  }

  #define(name: string, quorum: Quorum): void {
    if (name === 'none' || this.#named.has(name)) throw malformed();
    this.#named.set(name, quorum);
  }
}

/** A key of that role whose public key is not listed yet, under whatever name. */
function keyOfRole(vkey: string, role: KeyRole, listed: readonly { key: VerifierKey }[]): VerifierKey {
  const key = parseVerifierKey(vkey);
  const same = (other: VerifierKey): boolean => equalBytes(other.publicKey, key.publicKey);
  if (
    key.role !== role ||
    listed.length >= POLICY_NAMES_MAX ||
    listed.some(({ key: other }) => same(other))
  ) {
    throw malformed();
  }
  return key;
}

function thresholdOf(count: string, members: number): number {
  if (count === 'any') return 1;
  if (count === 'all') return members;
  const threshold = /^[1-9]\d{0,2}$/.test(count) ? Number(count) : 0;
  if (threshold < 1 || threshold > members) throw malformed();
  return threshold;
}

function malformed(): Refusal {
  return new Refusal('policy_malformed');
}
