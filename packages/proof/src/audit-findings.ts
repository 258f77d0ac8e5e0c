import type { Bilingual } from '@sekisho/contract';

/** What an audit checks, in the order in which a report tells it. */
export const auditChecks = [
  'signatures',
  'keys',
  'completeness',
  'tree',
  'consistency',
  'witnesses',
  'anchors',
  'form',
  'order',
  'outcomes',
  'decisions',
  'boundary',
  'holds',
] as const;
export type AuditCheck = (typeof auditChecks)[number];

/** What an audit can find: the closed list. A code is API: callers and tests compare codes, never messages. */
const auditFindings = {
  checkpoint_malformed: {
    check: 'signatures',
    ja: 'チェックポイントの形式が正しくありません。',
    en: 'The checkpoint is malformed.',
  },
  checkpoint_untrusted: {
    check: 'signatures',
    ja: 'チェックポイントが、信頼する鍵で正しく署名されていません。',
    en: 'The checkpoint is not signed by a key that you trust.',
  },
  checkpoint_key_revoked: {
    check: 'keys',
    ja: 'チェックポイントに署名した鍵は、その木の中で使用終了または漏えいとされています。',
    en: 'The checkpoint is signed only by a key that its own tree says is retired or compromised.',
  },
  checkpoint_key_early: {
    check: 'keys',
    ja: 'チェックポイントに署名した鍵は、その木ではまだ導入されていません。',
    en: 'The checkpoint is signed only by a key that its own tree does not introduce yet.',
  },
  log_key_foreign: {
    check: 'keys',
    ja: '鍵の記録が、この台帳の署名鍵のものではありません。',
    en: 'The entry names a key that is none of this log.',
  },
  log_key_repeated: {
    check: 'keys',
    ja: 'すでに知られた鍵、またはその番号が、もう一度導入されています。',
    en: 'A key that is known already, or its id, is introduced again.',
  },
  log_key_not_in_force: {
    check: 'keys',
    ja: '使われていない鍵が、使用終了または漏えいとされています。',
    en: 'A key that was never in force, or no longer is, is said to be retired or compromised.',
  },
  log_without_key: {
    check: 'keys',
    ja: 'この記録の後、署名できる鍵がありません。',
    en: 'After this entry no key may sign the log.',
  },
  too_many_log_keys: {
    check: 'keys',
    ja: '鍵の記録が多すぎるため、ここから先の鍵を調べません。',
    en: 'The log changes its keys too often: from here on its keys are not judged.',
  },
  older_untrusted: {
    check: 'signatures',
    ja: '比べるチェックポイントが、信頼する鍵で正しく署名されていません。',
    en: 'A checkpoint to compare with is not signed by a key that you trust.',
  },
  older_of_another_log: {
    check: 'consistency',
    ja: '比べるチェックポイントが、別の台帳のものです。',
    en: 'A checkpoint to compare with is of another log.',
  },
  log_shrank: {
    check: 'consistency',
    ja: 'この台帳は、以前に示した大きさより小さくなっています。',
    en: 'The log is smaller than what it had shown before.',
  },
  fork: {
    check: 'consistency',
    ja: '同じ台帳が、異なる履歴に署名しています（分岐）。',
    en: 'The log signed two histories that contradict each other.',
  },
  witnessed_missing: {
    check: 'witnesses',
    ja: '立会人が副署したチェックポイントがありません。',
    en: 'There is no checkpoint that witnesses cosigned.',
  },
  witnessed_invalid: {
    check: 'witnesses',
    ja: '立会人が副署したチェックポイントが正しくありません。',
    en: 'The cosigned checkpoint is not a valid one of this log.',
  },
  quorum_missing: {
    check: 'witnesses',
    ja: '副署した立会人が、ポリシーの定める数に足りません。',
    en: 'Fewer witnesses cosigned than the policy asks for.',
  },
  anchor_misplaced: {
    check: 'anchors',
    ja: 'アンカーは、セルの台帳だけにあるはずです。',
    en: 'An anchor stands in a log that is not the log of a cell.',
  },
  anchor_backwards: {
    check: 'anchors',
    ja: 'アンカーした台帳が小さくなったか、同じ大きさで別の根になっています。',
    en: 'An anchored log became smaller, or has two roots at one size.',
  },
  anchor_mismatch: {
    check: 'anchors',
    ja: '台帳が、セルの台帳のアンカー（立会人が見たもの）と異なります。',
    en: 'The log is not the one that the cell anchored, which is what witnesses vouch for.',
  },
  anchored_log_missing: {
    check: 'anchors',
    ja: 'アンカーした台帳がありません。',
    en: 'A log that the cell anchored is not there.',
  },
  bundle_missing: {
    check: 'completeness',
    ja: 'チェックポイントが述べる記録がありません。',
    en: 'Entries that the checkpoint counts are missing.',
  },
  bundle_malformed: {
    check: 'completeness',
    ja: '記録の束の形式が正しくありません。記録が削除されたか、途中で切れています。',
    en: 'A bundle of entries is malformed: an entry was removed, or the bundle was cut.',
  },
  root_mismatch: {
    check: 'tree',
    ja: '記録から計算した木の根が、署名された値と一致しません。記録が変えられています。',
    en: 'The entries do not lead to the signed root: some entry was changed.',
  },
  tile_mismatch: {
    check: 'tree',
    ja: '保存されたタイルが、記録から計算した値と一致しません。',
    en: 'A stored tile is not what the entries lead to.',
  },
  entry_not_canonical: {
    check: 'form',
    ja: '記録が正規形のJSONではありません。',
    en: 'The entry is not canonical JSON.',
  },
  entry_malformed: {
    check: 'form',
    ja: '記録の形式が正しくありません。',
    en: 'The entry does not have the form of an entry.',
  },
  genesis_misplaced: {
    check: 'order',
    ja: '最初の記録だけが、この台帳の開始の記録でなければなりません。',
    en: 'The first entry, and no other, must be the genesis of this log.',
  },
  foreign_tenant: {
    check: 'order',
    ja: '別のテナントの記録があります。',
    en: 'The entry is of another tenant.',
  },
  time_backwards: {
    check: 'order',
    ja: '時刻が1分より多く戻っています。',
    en: 'Time runs backwards by more than a minute.',
  },
  revision_backwards: {
    check: 'order',
    ja: 'プラットフォームの版が戻っているか、同じ番号の版の内容が異なります。',
    en: 'The platform revision goes back, or one number has two contents.',
  },
  outcome_without_intent: {
    check: 'outcomes',
    ja: '結果の記録が指す、事前の記録がありません。',
    en: 'The outcome refers to no intent before it.',
  },
  outcome_repeated: {
    check: 'outcomes',
    ja: '1つの事前の記録に、結果が2つあります。',
    en: 'The intent has a second outcome.',
  },
  outcome_differs: {
    check: 'outcomes',
    ja: '結果の記録が、事前の記録の事実と異なります。',
    en: 'The outcome does not repeat the facts of its intent.',
  },
  outcome_contradicts: {
    check: 'outcomes',
    ja: '結果が、事前の判定（許可・拒否）と合いません。',
    en: 'The result does not fit the decision of its intent.',
  },
  intent_left_open: {
    check: 'outcomes',
    ja: '事前の記録に、1時間を過ぎても結果がありません。',
    en: 'The intent has had no outcome for more than an hour.',
  },
  too_many_open: {
    check: 'outcomes',
    ja: '結果のない記録が多すぎるため、規則の検査を止めました。',
    en: 'Too many intents are open: rules are not judged from here on.',
  },
  denied_with_targets: {
    check: 'decisions',
    ja: '拒否された事前の記録に、提供先が書かれています。',
    en: 'An intent was denied and yet names endpoints that may serve.',
  },
  denied_but_carried: {
    check: 'decisions',
    ja: '拒否された通行なのに、運ばれた記録があります。',
    en: 'The crossing was denied, yet something was carried.',
  },
  carried_elsewhere: {
    check: 'decisions',
    ja: '事前の記録が許していない提供先に運ばれました。',
    en: 'It was carried to an endpoint that the intent does not allow.',
  },
  revision_not_newest: {
    check: 'decisions',
    ja: 'その時点で最新でない版によって許可されています。',
    en: 'It was allowed under a revision that was no longer the newest in force.',
  },
  policy_digest_differs: {
    check: 'decisions',
    ja: '判定したポリシーが、その版のポリシーと異なります。',
    en: 'It was decided by other policies than those of its revision.',
  },
  data_class_not_allowed: {
    check: 'decisions',
    ja: 'ワークスペースが認めていないデータ区分の通行が許可されています。',
    en: 'A data class was allowed that the workspace may not use.',
  },
  boundary_missing: {
    check: 'boundary',
    ja: 'この通行に効力を持つ境界の記録がありません。',
    en: 'No boundary on record was in force for the crossing.',
  },
  outside_boundary: {
    check: 'boundary',
    ja: '境界の外に写しがあります。',
    en: 'A copy is outside the boundary.',
  },
  operator_not_allowed: {
    check: 'boundary',
    ja: '運用者の国が、境界の定めに合いません。',
    en: 'The country of an operator is not one that the boundary allows.',
  },
  assurance_too_low: {
    check: 'boundary',
    ja: '保証水準が、境界の定めより低いものです。',
    en: 'The assurance is below what the boundary requires.',
  },
  hold_misordered: {
    check: 'holds',
    ja: '法的保全が、二重に始まっているか、始まっていないのに解かれています。',
    en: 'A legal hold is placed while it stands, or released while it does not, or for another scope.',
  },
  erased_under_hold: {
    check: 'holds',
    ja: '法的保全の対象である通行の内容が消去されています。',
    en: 'A crossing was erased that a standing legal hold covers.',
  },
  too_many_holds: {
    check: 'holds',
    ja: '法的保全が多すぎるため、ここから先の消去を調べません。',
    en: 'Too many legal holds stand: erasures are not judged from here on.',
  },
} as const satisfies Record<string, Bilingual & { readonly check: AuditCheck }>;

export type FindingCode = keyof typeof auditFindings;

export interface AuditFinding {
  readonly code: FindingCode;
  readonly check: AuditCheck;
  /**
   * Leaf index from 0: the first entry that is wrong, or can be, where `detail` gives a range. Null where it
   * is about the log as a whole.
   */
  readonly index: number | null;
  /** Facts for the message, language-free: a path, codes, `processing US not in JP`. May hold text of the log. */
  readonly detail: string;
  readonly message: Bilingual;
}

export function findingOf(code: FindingCode, index: number | null, detail: string): AuditFinding {
  const { check, ja, en } = auditFindings[code];
  return { code, check, index, detail: detail.slice(0, DETAIL_MAX), message: { ja, en } };
}

/** An entry may name a thousand things; a sentence about it does not. */
const DETAIL_MAX = 300;
