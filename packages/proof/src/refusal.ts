import type { Bilingual } from '@sekisho/contract';

/**
 * Why something was refused: the closed list of codes of this package. A code is API: callers
 * and tests compare codes, never messages.
 */
export const refusals = {
  json_not_utf8: { ja: 'UTF-8ではありません。', en: 'The bytes are not UTF-8.' },
  json_malformed: { ja: 'JSONではありません。', en: 'The text is not JSON.' },
  json_not_canonical: {
    ja: '正規形(RFC 8785)ではありません。',
    en: 'The JSON is not in its canonical form (RFC 8785).',
  },
  json_not_representable: {
    ja: '正規形のJSONで表せない値です。',
    en: 'The value has no canonical JSON form here: only safe integers, well-formed text, bounded depth.',
  },
  proof_out_of_range: {
    ja: '証明の位置または大きさが木の範囲にありません。',
    en: 'The position or size is outside the tree.',
  },
  proof_malformed: {
    ja: '証明のハッシュの数または長さが正しくありません。',
    en: 'The proof has the wrong number of hashes, or a hash that is not 32 bytes.',
  },
  proof_root_mismatch: {
    ja: '証明から計算した値がチェックポイントの木の根と一致しません。記録か証明が変わっています。',
    en: 'The proof does not lead to the root: the entry or the proof was changed.',
  },
  tile_malformed: { ja: 'タイルの形式が正しくありません。', en: 'The tile or entry bundle is malformed.' },
  tile_out_of_range: { ja: 'タイルの位置が範囲にありません。', en: 'The tile coordinate is out of range.' },
  entry_too_large: {
    ja: '記録が大きすぎます。上限は65,535バイトです。',
    en: 'The entry is too large: at most 65,535 bytes.',
  },
  verifier_key_malformed: { ja: '検証鍵の形式が正しくありません。', en: 'The verifier key is malformed.' },
  verifier_key_unsupported: {
    ja: 'この種類の検証鍵には対応していません。',
    en: 'Verifier keys of this type are not supported.',
  },
  note_malformed: { ja: '署名付きノートの形式が正しくありません。', en: 'The signed note is malformed.' },
  note_signature_invalid: {
    ja: '既知の鍵の署名が正しくありません。',
    en: 'A signature by a known key does not verify.',
  },
  note_unsigned: {
    ja: '既知の鍵による署名がありません。検証鍵がこのセルのものか確かめてください。',
    en: 'No known key signed this. Check that the verifier keys are those of this cell.',
  },
  key_retired: {
    ja: '署名した鍵は、この大きさの木に署名する前に退役しています。',
    en: 'The key that signed was retired before the log had this size.',
  },
  key_compromised: {
    ja: '署名した鍵は危殆化しています。この署名だけでは何も証明されません。セルから受領証を取り直してください。',
    en: 'The key that signed is compromised: its signature alone proves nothing. Get the receipt anew from the cell.',
  },
  checkpoint_malformed: {
    ja: 'チェックポイントの形式が正しくありません。',
    en: 'The checkpoint is malformed.',
  },
  policy_malformed: {
    ja: '立会人ポリシー(C2SP tlog-policy)の形式が正しくありません。',
    en: 'The witness policy is malformed (C2SP tlog-policy).',
  },
  submission_malformed: {
    ja: '立会人への要求(C2SP tlog-witness)の形式が正しくありません。',
    en: 'The request to the witness is malformed (C2SP tlog-witness).',
  },
  commitment_malformed: {
    ja: 'コミットメントまたはソルトの形式が正しくありません。',
    en: 'The commitment or salt is malformed.',
  },
  receipt_too_large: {
    ja: '受領証が大きすぎます。',
    en: 'The receipt is larger than a receipt can be.',
  },
  receipt_malformed: {
    ja: '受領証の形式が正しくありません。',
    en: 'The receipt is malformed.',
  },
  receipt_not_canonical: {
    ja: '受領証が正規形ではありません。整形し直されたか変更されています。受け取ったままのファイルを使ってください。',
    en: 'The receipt is not in canonical form: it was reformatted or changed. Use the file exactly as served.',
  },
  tlog_proof_malformed: {
    ja: 'tlog-proofの形式が正しくありません。',
    en: 'The tlog-proof is malformed.',
  },
  cose_malformed: {
    ja: 'COSE受領証の形式が正しくないか、正規の符号化ではありません。',
    en: 'The COSE receipt is malformed, or not in the one encoding that it can have.',
  },
  cose_unsigned: {
    ja: 'COSE受領証が名乗る鍵を知りません。検証鍵がこのセルのものか確かめてください。',
    en: 'The key that the COSE receipt names is not known. Check that the verifier keys are those of this cell.',
  },
  cose_signature_invalid: {
    ja: '署名が、記録と証明から計算した木の根に対するものではありません。記録、証明、署名のどれかが変わっています。',
    en: 'The signature is not over the root that entry and proof lead to: entry, proof or signature was changed.',
  },
  origin_mismatch: {
    ja: '台帳が、この受領証のテナントのものではありません。',
    en: 'The log does not belong to the tenant of this receipt.',
  },
  receipt_id_mismatch: {
    ja: '受領証の番号が記録の通行番号と一致しません。',
    en: 'The id of the receipt is not the crossing of its statement.',
  },
  intent_not_before_outcome: {
    ja: '記録が指す事前の記録が、それより前にありません。',
    en: 'The intent that the statement closes does not come before it in the log.',
  },
  denied_but_carried: {
    ja: '拒否された通行なのに、運ばれた記録があります。',
    en: 'The crossing was denied, yet the statement says it was carried.',
  },
  assurance_exceeds_evidence: {
    ja: '記載された保証水準を裏付ける証拠がありません。',
    en: 'The stated assurance is more than the evidence in the receipt holds.',
  },
  anchor_mismatch: {
    ja: 'セルの台帳の記録(anchor)が、この受領証のチェックポイントと一致しません。台帳が分岐したか、受領証が変わっています。',
    en: "The anchor in the cell's log is not of this receipt's checkpoint: the log was forked, or the receipt was changed.",
  },
  anchor_not_included: {
    ja: 'セルの台帳に、この記録(anchor)が含まれていません。',
    en: "The cell's log does not hold this anchor: the anchor or its proof was changed.",
  },
  cell_log_mismatch: {
    ja: '立会人の副署があるチェックポイントが、このセルの台帳のものではありません。',
    en: 'The checkpoint that witnesses cosigned is not of the log of this cell.',
  },
  not_witnessed: {
    ja: '立会人の証明がない受領証です。副署が集まった後に取り直してください。',
    en: 'The receipt carries no proof by witnesses. Fetch it again after they have cosigned.',
  },
  quorum_not_met: {
    ja: '立会人ポリシーが求める副署が足りません。',
    en: 'Too few witnesses cosigned: the quorum of the witness policy is not met.',
  },
  opening_without_commitment: {
    ja: '記録にない内容のソルトがあります。',
    en: 'The receipt opens a commitment that its statement does not make.',
  },
  salt_mismatch: {
    ja: 'ソルトが記録されたものと一致しません。',
    en: 'The salt is not the one that the statement names.',
  },
} as const satisfies Record<string, Bilingual>;

export type RefusalCode = keyof typeof refusals;

/**
 * Thrown where outside bytes are not what they must be. `where` names the place inside what was
 * read, `inclusion.hashes.3` or `line 2`; empty for the whole.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly where: string;

  constructor(code: RefusalCode, where = '') {
    super(`${code}${where === '' ? '' : ` at ${where}`}: ${refusals[code].en}`);
    this.code = code;
    this.where = where;
  }

  get bilingual(): Bilingual {
    return refusals[this.code];
  }
}
