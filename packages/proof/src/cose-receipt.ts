import { LeafIndex, RECEIPT_BYTES_MAX } from '@sekisho/contract';
import { Tagged, Tokenizer, decode, encode, rfc8949EncodeOptions } from 'cborg';
import { z } from 'zod';
import { base64, equalBytes, textOfUtf8, utf8 } from './byte-encodings.ts';
import type { Checkpoint } from './checkpoint.ts';
import { HASH_BYTES, inclusionRoot, leafHash } from './merkle-tree.ts';
import { parseStatement, requireTruthful, verdictOf } from './proven-statement.ts';
import type { ProvenStatement, StatementVerdict } from './proven-statement.ts';
import { Refusal } from './refusal.ts';
import { refuse, within } from './refuse.ts';
import { ED25519_LOG, formatKeyId, requireKeyInForce } from './verifier-key.ts';
import type { NoteSigner, VerifierKey } from './verifier-key.ts';

/**
 * COSE Receipts of inclusion (RFC 9942 section 5.2) in an RFC9162_SHA256 tree, signed with the log's
 * Ed25519 key:
 *
 *     18([ << {1: -8, 4: kid, 395: 1, "sekisho-tree-size": size} >>,
 *          {396: {-1: [ << [size, index, [+ hash]] >> ]}, "sekisho-statement": leaf},
 *          nil, signature ])
 *
 * The payload is the root, detached: whoever verifies computes it from leaf and proof. RFC 9942 leaves
 * the tree's size outside the signature, so that one root may fit two indexes; our protected header
 * holds the size, and the kid (the vkey's first two parts) names the log. Reading is strict: the file
 * must be the one deterministic encoding (RFC 8949 section 4.2.1) of its parts.
 */

const ALG = 1;
const ALG_EDDSA = -8;
const KID = 4;
const VDS = 395;
const VDS_RFC9162_SHA256 = 1;
const VDP = 396;
const VDP_INCLUSION = -1;
const TREE_SIZE = 'sekisho-tree-size';
const STATEMENT = 'sekisho-statement';

const SIGN1_TAG = 18;
const SIGNATURE_BYTES = 64;
/** Proof hashes of a tree of 2^53 leaves. */
const HASHES_MAX = 53;
/** More than any receipt has, and less than what would overflow a stack. */
const TOKENS_MAX = 256;

/** A published tree, signed as RFC 9942 wants it. */
export interface CoseTreeHead {
  readonly size: number;
  /** The protected header as it was signed. */
  readonly protectedHeader: Uint8Array;
  /** Ed25519, 64 bytes, over `["Signature1", protected header, h'', root]` (RFC 9052 section 4.4). */
  readonly signature: Uint8Array;
}

/**
 * Signs a tree that the log has published. A checkpoint's signed bytes are text and these begin with
 * 84, which no UTF-8 text does: neither signature can stand for the other. Throws Refusal
 * `cose_malformed` when the signer is not the log.
 */
export function signCoseTreeHead({ origin, size, root }: Checkpoint, signer: NoteSigner): CoseTreeHead {
  if (signer.name !== origin || root.length !== HASH_BYTES) refuse('cose_malformed', 'origin');
  const protectedHeader = encodeProtectedHeader(`${signer.name}+${formatKeyId(signer.keyId)}`, size);
  return { size, protectedHeader, signature: signer.sign(toBeSigned(protectedHeader, root)) };
}

interface CoseReceipt {
  /** Canonical bytes of the statement. */
  readonly leaf: Uint8Array;
  readonly index: number;
  /** Leaf to root; never empty: RFC 9942 has no proof of the only leaf of a tree. */
  readonly hashes: readonly Uint8Array[];
  readonly head: CoseTreeHead;
}

/** Says nothing about whether the parts fit: {@link verifyCoseReceipt} does. */
export function formatCoseReceipt({ leaf, index, hashes, head }: CoseReceipt): Uint8Array {
  if (hashes.length === 0) refuse('cose_malformed', 'inclusion');
  const inclusion = cbor([head.size, index, hashes]);
  const unprotected = new Map<number | string, unknown>([
    [VDP, new Map([[VDP_INCLUSION, [inclusion]]])],
    [STATEMENT, leaf],
  ]);
  return cbor(new Tagged(SIGN1_TAG, [head.protectedHeader, unprotected, null, head.signature]));
}

/**
 * Verifies a COSE receipt that carries its statement. The verdict means what that of `verifyReceipt`
 * means; a COSE receipt opens no commitment, and has no cosignatures of witnesses.
 */
export function verifyCoseReceipt(bytes: Uint8Array, keys: readonly VerifierKey[]): StatementVerdict {
  return verdictOf(() => {
    const { leaf, index, hashes, head, kid } = parseCoseReceipt(bytes);
    const statement = parseStatement(leaf);
    const receipt: ProvenStatement = {
      id: statement.crossing,
      statement,
      inclusion: { index, hashes: hashes.map(base64) },
      openings: {},
    };
    const key = keys.find((known) => known.type === ED25519_LOG && kidOf(known) === kid);
    if (key === undefined) refuse('cose_unsigned', 'kid');
    const led = inclusionRoot({ index, size: head.size, leafHash: leafHash(leaf), hashes });
    if (!led.ok) refuse(led.code, 'inclusion');
    if (!key.verify(toBeSigned(head.protectedHeader, led.root), head.signature)) {
      refuse('cose_signature_invalid', 'statement, inclusion, signature');
    }
    within('kid', () => requireKeyInForce([key], head.size));
    requireTruthful(receipt, key.name);
    const checkpoint = { origin: key.name, size: head.size, root: led.root, signedBy: [key] };
    return { receipt, checkpoint };
  });
}

const Bytes = z.instanceof(Uint8Array);
const Sign1 = z.tuple([
  Bytes,
  z.map(z.unknown(), z.unknown()),
  z.null(),
  Bytes.refine((signature) => signature.length === SIGNATURE_BYTES),
]);
const ProtectedHeader = z.map(z.unknown(), z.unknown());
const ProtectedParts = z.object({ kid: Bytes, size: z.int().positive() });
const Proofs = z.map(z.unknown(), z.tuple([Bytes]));
const Inclusion = z.tuple([
  z.int().positive(),
  LeafIndex,
  z
    .array(Bytes.refine((hash) => hash.length === HASH_BYTES))
    .min(1)
    .max(HASHES_MAX),
]);

/**
 * Reads a COSE receipt without verifying it. Throws Refusal `receipt_too_large` or `cose_malformed`.
 */
export function parseCoseReceipt(bytes: Uint8Array): CoseReceipt & { readonly kid: string } {
  if (bytes.length > RECEIPT_BYTES_MAX) refuse('receipt_too_large', `byte ${RECEIPT_BYTES_MAX}`);
  const tagged = decodeBounded(bytes, 'receipt');
  if (!(tagged instanceof Tagged)) refuse('cose_malformed', 'receipt');
  const [protectedHeader, unprotected, , signature] = shaped(Sign1, tagged.value, 'receipt');
  const claims = shaped(ProtectedHeader, decodeBounded(protectedHeader, 'protected'), 'protected');
  const signed = { kid: claims.get(KID), size: claims.get(TREE_SIZE) };
  const { kid: kidBytes, size } = shaped(ProtectedParts, signed, 'protected');
  const kid = textOfUtf8(kidBytes) ?? refuse('cose_malformed', 'protected');
  const leaf = shaped(Bytes, unprotected.get(STATEMENT), 'statement');
  const [proof] = shaped(Proofs, unprotected.get(VDP), 'inclusion').get(VDP_INCLUSION) ?? [];
  if (proof === undefined) refuse('cose_malformed', 'inclusion');
  const [provenSize, index, hashes] = shaped(Inclusion, decodeBounded(proof, 'inclusion'), 'inclusion');
  // The size that is signed is the one that the proof uses.
  if (provenSize !== size) refuse('cose_malformed', 'inclusion');

  const receipt = { leaf, index, hashes, head: { size, protectedHeader, signature }, kid };
  // Whatever was not read above, or could be written in another way, shows here.
  if (!equalBytes(protectedHeader, encodeProtectedHeader(kid, size))) refuse('cose_malformed', 'protected');
  if (!equalBytes(bytes, formatCoseReceipt(receipt))) refuse('cose_malformed', 'receipt');
  return receipt;
}

function encodeProtectedHeader(kid: string, size: number): Uint8Array {
  return cbor(
    new Map<number | string, unknown>([
      [ALG, ALG_EDDSA],
      [KID, utf8(kid)],
      [VDS, VDS_RFC9162_SHA256],
      [TREE_SIZE, size],
    ]),
  );
}

/** RFC 9052 section 4.4: Sig_structure, without external data. */
function toBeSigned(protectedHeader: Uint8Array, root: Uint8Array): Uint8Array {
  return cbor(['Signature1', protectedHeader, new Uint8Array(0), root]);
}

/** The vkey without its public key. */
function kidOf({ name, keyId }: VerifierKey): string {
  return `${name}+${formatKeyId(keyId)}`;
}

function cbor(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/** One CBOR item and nothing after it, of at most {@link TOKENS_MAX} tokens, and so no deeper. */
function decodeBounded(bytes: Uint8Array, where: string): unknown {
  const options = { strict: true, useMaps: true, rejectDuplicateMapKeys: true, allowBigInt: false };
  const tokens = new Tokenizer(bytes, options);
  let count = 0;
  const tokenizer = {
    done: () => tokens.done(),
    pos: () => tokens.pos(),
    next: () => {
      if (++count > TOKENS_MAX) refuse('cose_malformed', where);
      return tokens.next();
    },
  };
  try {
    return decode(bytes, { ...options, tokenizer, tags: Tagged.preserve(SIGN1_TAG) });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The decoder throws plain errors, all of them about the bytes.
    return refuse('cose_malformed', where);
  }
}

function shaped<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse('cose_malformed', where);
}
