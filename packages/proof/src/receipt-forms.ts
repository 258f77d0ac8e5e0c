import { utf8 } from './byte-encodings.ts';
import { verifyCoseReceipt } from './cose-receipt.ts';
import type { StatementVerdict } from './proven-statement.ts';
import { verifyReceipt } from './receipt.ts';
import { TLOG_PROOF_HEADER, verifyTlogProof } from './tlog-proof.ts';
import type { VerifierKey } from './verifier-key.ts';

/** The forms in which a cell hands out the proof of one statement. */
export type ReceiptForm = 'sekisho-receipt' | 'tlog-proof' | 'cose';

/** By its first bytes. What is neither of the others is judged as a sekisho-receipt. */
export function receiptFormOf(bytes: Uint8Array): ReceiptForm {
  if (startsWith(bytes, tlogProofStart)) return 'tlog-proof';
  return startsWith(bytes, coseStart) ? 'cose' : 'sekisho-receipt';
}

/** Verifies a receipt of any form, told apart by {@link receiptFormOf}. */
export function verifyAnyReceipt(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
): StatementVerdict & { readonly form: ReceiptForm } {
  const form = receiptFormOf(bytes);
  return { form, ...verifiers[form](bytes, keys) };
}

const verifiers: Readonly<
  Record<ReceiptForm, (bytes: Uint8Array, keys: readonly VerifierKey[]) => StatementVerdict>
> = {
  'sekisho-receipt': verifyReceipt,
  'tlog-proof': verifyTlogProof,
  cose: verifyCoseReceipt,
};

const tlogProofStart = utf8(TLOG_PROOF_HEADER.slice(0, 'c2sp.org/tlog-proof'.length));
/** CBOR tag 18: COSE_Sign1. */
const coseStart = Uint8Array.of(0xd2);

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}
