import type { Bilingual, LedgerEntry } from '@sekisho/contract';

/** What an audit can find: the closed list. A code is API: callers and tests compare codes, never messages. */
const auditFindings = {
  checkpoint_malformed: {
    ja: 'チェックポイントの形式が正しくありません。',
    en: 'The checkpoint is malformed.',
  },
  checkpoint_untrusted: {
    ja: 'チェックポイントが、信頼する鍵で正しく署名されていません。',
    en: 'The checkpoint is not signed by a key that you trust.',
  },
  older_untrusted: {
    ja: '比べるチェックポイントが、信頼する鍵で正しく署名されていません。',
    en: 'A checkpoint to compare with is not signed by a key that you trust.',
  },
  older_of_another_log: {
    ja: '比べるチェックポイントが、別の台帳のものです。',
    en: 'A checkpoint to compare with is of another log.',
  },
  log_shrank: {
    ja: 'この台帳は、以前に署名された大きさより小さくなっています。',
    en: 'The log is smaller than one that it had signed.',
  },
  fork: {
    ja: '同じ台帳が、異なる履歴に署名しています（分岐）。',
    en: 'The log signed two histories that contradict each other.',
  },
  bundle_missing: {
    ja: 'チェックポイントが述べる記録がありません。',
    en: 'Entries that the checkpoint counts are missing.',
  },
  bundle_malformed: {
    ja: '記録の束の形式が正しくありません。',
    en: 'A bundle of entries is malformed.',
  },
  root_mismatch: {
    ja: '記録から計算した木の根が、署名された値と一致しません。記録が変えられています。',
    en: 'The entries do not lead to the signed root: some entry was changed.',
  },
  tile_mismatch: {
    ja: '保存されたタイルが、記録から計算した値と一致しません。',
    en: 'A stored tile is not what the entries lead to.',
  },
  entry_not_canonical: {
    ja: '記録が正規形のJSONではありません。',
    en: 'The entry is not canonical JSON.',
  },
  entry_malformed: {
    ja: '記録の形式が正しくありません。',
    en: 'The entry does not have the form of an entry.',
  },
  genesis_misplaced: {
    ja: '最初の記録だけが、この台帳の開始の記録でなければなりません。',
    en: 'The first entry, and no other, must be the genesis of this log.',
  },
  foreign_tenant: {
    ja: '別のテナントの記録があります。',
    en: 'The entry is of another tenant.',
  },
  time_backwards: {
    ja: '時刻が1分より多く戻っています。',
    en: 'Time runs backwards by more than a minute.',
  },
  revision_backwards: {
    ja: 'プラットフォームの版が戻っているか、同じ番号の版の内容が異なります。',
    en: 'The platform revision goes back, or one number has two contents.',
  },
  outcome_without_intent: {
    ja: '結果の記録が指す、事前の記録がありません。',
    en: 'The outcome refers to no intent before it.',
  },
  outcome_repeated: {
    ja: '1つの事前の記録に、結果が2つあります。',
    en: 'The intent has a second outcome.',
  },
  outcome_differs: {
    ja: '結果の記録が、事前の記録の事実と異なります。',
    en: 'The outcome does not repeat the facts of its intent.',
  },
  intent_left_open: {
    ja: '事前の記録に、1時間を過ぎても結果がありません。',
    en: 'The intent has had no outcome for more than an hour.',
  },
  denied_but_carried: {
    ja: '拒否された通行なのに、運ばれた記録があります。',
    en: 'The crossing was denied, yet something was carried.',
  },
  carried_elsewhere: {
    ja: '事前の記録が許していない提供先に運ばれました。',
    en: 'It was carried to an endpoint that the intent does not allow.',
  },
  boundary_missing: {
    ja: 'この通行に効力を持つ境界の記録がありません。',
    en: 'No boundary on record was in force for the crossing.',
  },
  outside_boundary: {
    ja: '境界の外に写しがあります。',
    en: 'A copy is outside the boundary.',
  },
  operator_not_allowed: {
    ja: '運用者の国が、境界の定めに合いません。',
    en: 'The country of an operator is not one that the boundary allows.',
  },
  assurance_too_low: {
    ja: '保証水準が、境界の定めより低いものです。',
    en: 'The assurance is below what the boundary requires.',
  },
  too_many_open: {
    ja: '結果のない記録が多すぎるため、規則の検査を止めました。',
    en: 'Too many intents are open: rules are not judged from here on.',
  },
} as const satisfies Record<string, Bilingual>;

export type FindingCode = keyof typeof auditFindings;

export interface AuditFinding {
  readonly code: FindingCode;
  /** Leaf index from 0; null where it is about the log as a whole. */
  readonly index: number | null;
  /** Facts for the message, language-free: a path, codes, `processing US not in JP`. May hold text of the log. */
  readonly detail: string;
  readonly message: Bilingual;
}

/** Why the log alone cannot tell. */
export type UndecidedReason =
  /** Whether a ward is in a city does not show in the codes. */
  | 'place'
  /** Certificates of a site are not in the log. */
  | 'certifications'
  /** The revision is older than those that are kept. */
  | 'revision';

export interface Undecided {
  readonly index: number;
  readonly reason: UndecidedReason;
  readonly detail: string;
}

export interface UsageSum {
  readonly workspace: string;
  readonly model: string;
  /** Those that were carried to an endpoint, or have tokens or an amount: what a cell's usage counts. */
  readonly crossings: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly amountYen: string;
}

export interface OpenIntent {
  readonly index: number;
  readonly crossing: string;
  readonly time: string;
}

/** The first of a list that may be long, in order, and how many there were. */
interface Listed<Item> {
  readonly total: number;
  readonly first: readonly Item[];
}

export interface AuditReport {
  readonly verdict: 'clean' | 'findings';
  /** Of the checkpoint; null where it cannot be read. `root` is base64. */
  readonly log: { readonly origin: string; readonly size: number; readonly root: string } | null;
  /** Entries read and hashed. */
  readonly entries: number;
  readonly kinds: Readonly<Record<LedgerEntry['kind'], number>>;
  /** Times of the first and the last entry. */
  readonly from: string | null;
  readonly to: string | null;
  readonly firstBadIndex: number | null;
  /** By index; those about the log as a whole come last. */
  readonly findings: readonly AuditFinding[];
  /** False where the findings became too many and rules were no longer judged. */
  readonly rulesJudgedToTheEnd: boolean;
  readonly open: Listed<OpenIntent>;
  readonly undecided: Listed<Undecided>;
  /** Checkpoints given to compare with that this log continues, by size. */
  readonly continues: readonly number[];
  readonly tiles: { readonly compared: number; readonly missing: number };
  readonly usage: readonly UsageSum[];
  /** Crossings in no sum, because there are too many workspaces and models. */
  readonly usageLeftOut: number;
}

/** More are not told: the rest of the log is then hashed, and its rules are not judged. */
const AUDIT_FINDINGS_MAX = 1000;

/** Findings as they come, at most {@link AUDIT_FINDINGS_MAX}. */
export class FindingList {
  readonly #found: AuditFinding[] = [];

  add(code: FindingCode, index: number | null, detail = ''): void {
    if (!this.full) this.#found.push({ code, index, detail, message: auditFindings[code] });
  }

  /** Also past the bound: for the few about the log as a whole, which must not be crowded out. */
  addWhole(code: FindingCode, detail = ''): void {
    this.#found.push({ code, index: null, detail, message: auditFindings[code] });
  }

  get full(): boolean {
    return this.#found.length >= AUDIT_FINDINGS_MAX;
  }

  inOrder(): readonly AuditFinding[] {
    return this.#found.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** A list of which only the first hundred are kept. */
export class FirstOf<Item> {
  total = 0;
  readonly first: Item[] = [];

  add(item: Item): void {
    this.total++;
    if (this.first.length < LISTED_MAX) this.first.push(item);
  }
}

const LISTED_MAX = 100;

function rank({ index }: AuditFinding): number {
  return index ?? Number.MAX_SAFE_INTEGER;
}
