import { ed25519Signer, ed25519Verifier, mlDsa44Verifier, sha256 } from '#crypto';
import { base64, bytesOfBase64, concatBytes, hex, utf8 } from './byte-encodings.ts';
import { ed25519CosignedMessage, mlDsa44CosignedMessage, parseTimedSignature } from './cosigned-message.ts';
import { isKeyName } from './key-name.ts';
import { Refusal } from './refusal.ts';
import { within } from './refuse.ts';

export { isKeyName };

/**
 * Keys of C2SP signed-note. A verifier key (vkey) is one line of text:
 * `name+hex(key id)+base64(type ‖ public key)`.
 */

/** Checks a note's body against the signature bytes that follow the key id. */
type Verify = (body: Uint8Array, signature: Uint8Array) => boolean;

/**
 * A log says: this is my tree. A cosigner says: of this log I saw, at that time, this tree and none
 * that contradicts it (C2SP tlog-cosignature).
 */
export type KeyRole = 'log' | 'cosigner';

interface SignatureType {
  readonly role: KeyRole;
  readonly publicKeyBytes: number;
  verifier(publicKey: Uint8Array, name: string): Verify;
}

/** Ed25519 over the note's body: the key of a log. */
export const ED25519_LOG = 0x01;
export const ED25519_COSIGNER = 0x04;
export const ML_DSA_44_COSIGNER = 0x06;

/** Signature types by their number in signed-note. */
const signatureTypes: ReadonlyMap<number, SignatureType> = new Map([
  [ED25519_LOG, { role: 'log', publicKeyBytes: 32, verifier: ed25519Verifier }],
  [ED25519_COSIGNER, { role: 'cosigner', publicKeyBytes: 32, verifier: ed25519CosignerVerifier }],
  [ML_DSA_44_COSIGNER, { role: 'cosigner', publicKeyBytes: 1312, verifier: mlDsa44CosignerVerifier }],
]);

function ed25519CosignerVerifier(publicKey: Uint8Array): Verify {
  const verify = ed25519Verifier(publicKey);
  return (body, bytes) => {
    const timed = parseTimedSignature(bytes);
    return timed !== undefined && verify(ed25519CosignedMessage(body, timed.timeSeconds), timed.signature);
  };
}

function mlDsa44CosignerVerifier(publicKey: Uint8Array, name: string): Verify {
  const verify = mlDsa44Verifier(publicKey);
  return (body, bytes) => {
    const timed = parseTimedSignature(bytes);
    const message = timed && mlDsa44CosignedMessage(name, body, timed.timeSeconds);
    return message !== undefined && verify(message, timed?.signature ?? new Uint8Array(0));
  };
}

/**
 * What a cell's key file says of a key that no longer signs. Only trees of at most `toSize` leaves were
 * signed by a retired key alone. Nothing that a compromised key alone signed proves anything any more, of
 * whatever size: whoever has the key can sign a smaller tree of his own as well.
 */
export type KeyMark =
  | { readonly state: 'retired'; readonly toSize: number }
  | { readonly state: 'compromised'; readonly trustedToSize: number };

export interface VerifierKey {
  readonly name: string;
  /** First four bytes of `SHA-256(name ‖ 0A ‖ type ‖ public key)`, big endian. */
  readonly keyId: number;
  readonly type: number;
  readonly role: KeyRole;
  readonly publicKey: Uint8Array;
  /** Absent for a key in force, and where nobody says. */
  readonly mark?: KeyMark;
  verify(body: Uint8Array, signature: Uint8Array): boolean;
}

export interface NoteSigner {
  readonly name: string;
  readonly keyId: number;
  sign(bytes: Uint8Array): Uint8Array;
}

const VERIFIER_KEYS_MAX = 10_000;
/** More than any name and key come to, and less than what a pattern needs too much stack for. */
const VERIFIER_KEY_LENGTH_MAX = 8192;

export function keyId(name: string, type: number, publicKey: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = sha256(
    concatBytes([utf8(`${name}\n`), Uint8Array.of(type), publicKey]),
  );
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** Throws Refusal `verifier_key_malformed` or `verifier_key_unsupported`. */
export function parseVerifierKey(vkey: string): VerifierKey {
  if (vkey.length > VERIFIER_KEY_LENGTH_MAX) throw new Refusal('verifier_key_malformed');
  const [, name, idHex, keyBase64] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(vkey) ?? [];
  const typed = keyBase64 === undefined ? undefined : bytesOfBase64(keyBase64);
  if (name === undefined || idHex === undefined || typed === undefined || !isKeyName(name)) {
    throw new Refusal('verifier_key_malformed');
  }
  const [typeNumber = -1] = typed;
  const publicKey = typed.subarray(1);
  if (keyId(name, typeNumber, publicKey) !== Number.parseInt(idHex, 16)) {
    throw new Refusal('verifier_key_malformed');
  }
  const type = signatureTypes.get(typeNumber);
  if (type === undefined) throw new Refusal('verifier_key_unsupported');
  if (publicKey.length !== type.publicKeyBytes) throw new Refusal('verifier_key_malformed');
  return {
    name,
    keyId: Number.parseInt(idHex, 16),
    type: typeNumber,
    role: type.role,
    publicKey,
    verify: type.verifier(publicKey, name),
  };
}

/**
 * That one of the keys which signed a tree of this size may stand for it. Throws Refusal `key_compromised`,
 * or `key_retired` where a key signed a larger tree than its cell says it ever did.
 */
export function requireKeyInForce(signedBy: readonly VerifierKey[], size: number): void {
  if (signedBy.some(({ mark }) => mark === undefined || (mark.state === 'retired' && size <= mark.toSize))) {
    return;
  }
  const compromised = signedBy.some(({ mark }) => mark?.state === 'compromised');
  throw new Refusal(compromised ? 'key_compromised' : 'key_retired');
}

/** The vkey of a public key; without a type, of an Ed25519 log key of 32 bytes. */
export function formatVerifierKey(name: string, publicKey: Uint8Array, type: number = ED25519_LOG): string {
  if (!isKeyName(name) || publicKey.length !== signatureTypes.get(type)?.publicKeyBytes) {
    throw new Refusal('verifier_key_malformed');
  }
  const id = keyId(name, type, publicKey).toString(16).padStart(8, '0');
  return `${name}+${id}+${base64(concatBytes([Uint8Array.of(type), publicKey]))}`;
}

/**
 * The keys of a `cell.vkey` file: one vkey a line; blank lines and lines that start with `#` are
 * comments, also for readers that know nothing of marks. Of our comments, `#! retired to-size=N` marks the
 * key on the next line, and `#! compromised trusted-to-size=N VKEY` names one that is left out here unless
 * asked for. Throws Refusal with the line in `where`; a file without any key is malformed.
 */
export function parseVerifierKeys(
  text: string,
  { withCompromised = false }: { readonly withCompromised?: boolean } = {},
): VerifierKey[] {
  const keys: VerifierKey[] = [];
  let retired: KeyMark | undefined;
  for (const [at, untrimmed] of text.split('\n').entries()) {
    const line = untrimmed.trim();
    const [, toSize, trustedToSize, vkey] = MARK_LINE.exec(line) ?? [];
    if (toSize !== undefined) retired = { state: 'retired', toSize: Number(toSize) };
    if (line === '' || (line.startsWith('#') && vkey === undefined)) continue;
    if (keys.length === VERIFIER_KEYS_MAX) throw new Refusal('verifier_key_malformed');
    const key = within(`line ${at + 1}`, () => parseVerifierKey(vkey ?? line));
    if (vkey === undefined) keys.push(retired === undefined ? key : { ...key, mark: retired });
    else if (withCompromised) {
      keys.push({ ...key, mark: { state: 'compromised', trustedToSize: Number(trustedToSize) } });
    }
    retired = undefined;
  }
  if (keys.length === 0) throw new Refusal('verifier_key_malformed');
  return keys;
}

const MARK_LINE = /^#! (?:retired to-size=(\d{1,15})|compromised trusted-to-size=(\d{1,15}) (\S+))$/;

/** A key file as {@link parseVerifierKeys} reads it, keys in the order given. */
export function formatVerifierKeys(
  heading: string,
  keys: readonly { readonly verifierKey: string; readonly mark?: KeyMark }[],
): string {
  const lines = keys.flatMap(({ verifierKey, mark }) => {
    if (mark === undefined) return [verifierKey];
    return mark.state === 'retired'
      ? [`#! retired to-size=${mark.toSize}`, verifierKey]
      : [`#! compromised trusted-to-size=${mark.trustedToSize} ${verifierKey}`];
  });
  return `# ${heading}\n${lines.join('\n')}\n`;
}

/** A log's signer from its 32-byte private seed (RFC 8032), with the vkey to publish. */
export function ed25519NoteSigner(
  name: string,
  seed: Uint8Array,
): NoteSigner & { readonly verifierKey: string } {
  const signer = ed25519Signer(seed);
  return {
    name,
    keyId: keyId(name, ED25519_LOG, signer.publicKey),
    verifierKey: formatVerifierKey(name, signer.publicKey),
    sign: (bytes) => signer.sign(bytes),
  };
}

/** Lower-case hexadecimal of a key id, as a vkey writes it. */
export function formatKeyId(id: number): string {
  return hex(keyIdBytes(id));
}

export function keyIdBytes(id: number): Uint8Array {
  return Uint8Array.of(id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff);
}
