import { base64, bytesOfBase64, concatBytes, utf8 } from './byte-encodings.ts';
import { Refusal } from './refusal.ts';
import { isKeyName, keyIdBytes } from './verifier-key.ts';
import type { NoteSigner, VerifierKey } from './verifier-key.ts';

/** C2SP signed-note: a body of text lines, an empty line, signature lines. */

export const NOTE_BYTES_MAX = 1_000_000;
export const NOTE_SIGNATURES_MAX = 100;

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id, by the key's type: 64 bytes for an Ed25519 log key. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its final newline, without the empty line: what is signed. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

/** Throws Refusal `note_malformed`. Says nothing about the signatures' truth. */
export function parseNote(note: string): SignedNote {
  // Characters never outnumber UTF-8 bytes, so the cheap bound comes before the encoding.
  if (note.length > NOTE_BYTES_MAX || !note.isWellFormed() || utf8(note).length > NOTE_BYTES_MAX) {
    throw new Refusal('note_malformed');
  }
  // The last empty line separates: a body may hold empty lines, signatures cannot.
  const separator = note.lastIndexOf('\n\n');
  if (separator < 0) throw new Refusal('note_malformed');
  const body = note.slice(0, separator + 1);
  const signatureBlock = note.slice(separator + 2);
  // oxlint-disable-next-line no-control-regex -- the format forbids control characters
  if (/[\u0000-\u0009\u000b-\u001f]/.test(body)) throw new Refusal('note_malformed', 'body');
  if (!signatureBlock.endsWith('\n')) throw new Refusal('note_malformed', 'signatures');
  const lines = signatureBlock.slice(0, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) throw new Refusal('note_malformed', 'signatures');
  return { body, signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string, at: number): NoteSignature {
  const [, name, encoded] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : bytesOfBase64(encoded);
  if (name === undefined || bytes === undefined || !isKeyName(name) || bytes.length < 5) {
    throw new Refusal('note_malformed', `signatures.${at}`);
  }
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return { name, keyId: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, signature: bytes.subarray(4) };
}

export interface VerifiedNote {
  readonly body: string;
  /** Keys whose signature was verified, each once, in the order of the note. */
  readonly signedBy: readonly [VerifierKey, ...VerifierKey[]];
}

/**
 * Parses and verifies. Signatures of unknown keys are ignored, so their bytes prove nothing; one
 * bad signature of a known key refuses the whole note. Throws Refusal `note_malformed`,
 * `note_signature_invalid` or `note_unsigned` (no known key signed).
 */
export function verifyNote(note: string, keys: readonly VerifierKey[]): VerifiedNote {
  const { body, signatures } = verifiedSignatures(note, keys);
  const [first, ...others] = signatures.map(({ key }) => key);
  if (first === undefined) throw new Refusal('note_unsigned');
  return { body, signedBy: [first, ...others] };
}

export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** Its verified bytes; a cosigner's hold a time (`parseTimedSignature`). */
  readonly signature: Uint8Array;
}

/**
 * As {@link verifyNote}, with the bytes of each signature, and an empty list where no known key
 * signed. Throws Refusal `note_malformed` or `note_signature_invalid`.
 */
export function verifiedSignatures(
  note: string,
  keys: readonly VerifierKey[],
): { readonly body: string; readonly signatures: readonly VerifiedSignature[] } {
  const { body, signatures } = parseNote(note);
  const signedBytes = utf8(body);
  const verified: VerifiedSignature[] = [];
  for (const [at, { name, keyId, signature }] of signatures.entries()) {
    const key = keys.find((known) => known.name === name && known.keyId === keyId);
    if (key === undefined || verified.some((earlier) => earlier.key === key)) continue;
    if (!key.verify(signedBytes, signature)) throw new Refusal('note_signature_invalid', `signatures.${at}`);
    verified.push({ key, signature });
  }
  return { body, signatures: verified };
}

/**
 * The note of a body (which ends in a newline) with one signature line per signer. Throws Refusal
 * `note_malformed` for a body or a name that no reader would accept.
 */
export function signNote(body: string, ...signers: readonly NoteSigner[]): string {
  const lines = signers.map((signer) => {
    const { name, keyId } = signer;
    return formatSignatureLine({ name, keyId, signature: signer.sign(utf8(body)) });
  });
  const note = `${body}\n${lines.join('')}`;
  if (!body.endsWith('\n') || parseNote(note).body !== body) throw new Refusal('note_malformed');
  return note;
}

/** One line with its newline, as it stands in a note. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  return `\u2014 ${name} ${base64(concatBytes([keyIdBytes(keyId), signature]))}\n`;
}
