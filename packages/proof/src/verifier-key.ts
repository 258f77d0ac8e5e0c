import { ed25519Signer, ed25519Verifier, sha256 } from '#crypto';
import { base64, bytesOfBase64, concatBytes, hex, utf8 } from './byte-encodings.ts';
import { Refusal } from './refusal.ts';

/**
 * Keys of C2SP signed-note. A verifier key (vkey) is one line of text:
 * `name+hex(key id)+base64(type ‖ public key)`.
 */

interface SignatureType {
  readonly publicKeyBytes: number;
  /** Makes the check of a note's body against the signature bytes that follow the key id. */
  verifier(publicKey: Uint8Array): (body: Uint8Array, signature: Uint8Array) => boolean;
}

/**
 * Signature types by their number in signed-note. Cosigners (04, timestamped Ed25519; 06, ML-DSA-44)
 * take their place here: their signature bytes carry the time, so `verifier` rebuilds what they signed.
 */
const signatureTypes: ReadonlyMap<number, SignatureType> = new Map([
  [0x01, { publicKeyBytes: 32, verifier: ed25519Verifier }],
]);
const ED25519 = 0x01;

export interface VerifierKey {
  readonly name: string;
  /** First four bytes of `SHA-256(name ‖ 0A ‖ type ‖ public key)`, big endian. */
  readonly keyId: number;
  readonly type: number;
  readonly publicKey: Uint8Array;
  verify(body: Uint8Array, signature: Uint8Array): boolean;
}

export interface NoteSigner {
  readonly name: string;
  readonly keyId: number;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Longest key name. */
const NAME_LENGTH_MAX = 256;
const VERIFIER_KEYS_MAX = 10_000;

/** A key name: not empty, no white space, no plus, no control character (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && name.isWellFormed() && /^[^\s+\p{Cc}]+$/u.test(name);
}

export function keyId(name: string, type: number, publicKey: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = sha256(
    concatBytes([utf8(`${name}\n`), Uint8Array.of(type), publicKey]),
  );
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** Throws Refusal `verifier_key_malformed` or `verifier_key_unsupported`. */
export function parseVerifierKey(vkey: string): VerifierKey {
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
    publicKey,
    verify: type.verifier(publicKey),
  };
}

/** The vkey of an Ed25519 log key of 32 bytes. */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  if (!isKeyName(name) || publicKey.length !== 32) throw new Refusal('verifier_key_malformed');
  const id = keyId(name, ED25519, publicKey).toString(16).padStart(8, '0');
  return `${name}+${id}+${base64(concatBytes([Uint8Array.of(ED25519), publicKey]))}`;
}

/**
 * The keys of a `cell.vkey` file: one vkey a line; blank lines and lines that start with `#` are
 * comments. Throws Refusal with the line in `where`; a file without any key is malformed.
 */
export function parseVerifierKeys(text: string): VerifierKey[] {
  const lines = text.split('\n').map((line, at) => ({ text: line.trim(), number: at + 1 }));
  const keyLines = lines.filter((line) => line.text !== '' && !line.text.startsWith('#'));
  if (keyLines.length === 0 || keyLines.length > VERIFIER_KEYS_MAX)
    throw new Refusal('verifier_key_malformed');
  return keyLines.map((line) => {
    try {
      return parseVerifierKey(line.text);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.code, `line ${line.number}`);
      throw error;
    }
  });
}

/** A log's signer from its 32-byte private seed (RFC 8032), with the vkey to publish. */
export function ed25519NoteSigner(
  name: string,
  seed: Uint8Array,
): NoteSigner & { readonly verifierKey: string } {
  const signer = ed25519Signer(seed);
  return {
    name,
    keyId: keyId(name, ED25519, signer.publicKey),
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
