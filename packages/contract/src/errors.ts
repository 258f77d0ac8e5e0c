import type { Bilingual } from './vocabulary.ts';

interface ErrorDefinition {
  /** HTTP status with which every edge answers. */
  readonly status: number;
  /** What the person reads: what is wrong and what to do. `{detail}` is replaced. */
  readonly message: Bilingual;
  /** One line of reference documentation. */
  readonly documentation: string;
}

/**
 * The one closed list of error codes. A code is API: tests and clients compare codes, never
 * messages. A 5xx never shows its cause to a client; the log holds it under the error id.
 */
export const errorDefinitions = {
  authentication_required: {
    status: 401,
    message: {
      ja: 'APIキーがありません。Authorization: Bearer <キー> を付けてください。',
      en: 'No API key was given. Send Authorization: Bearer <key>.',
    },
    documentation: 'The request carried no credential.',
  },
  invalid_api_key: {
    status: 401,
    message: {
      ja: 'APIキーが正しくないか、失効しています。',
      en: 'The API key is unknown or revoked.',
    },
    documentation: 'The credential is not one of this cell, was revoked, or its workspace no longer exists.',
  },
  not_permitted: {
    status: 403,
    message: {
      ja: 'この操作は許可されていません。{detail}',
      en: 'This operation is not permitted. {detail}',
    },
    documentation: 'The credential is valid but not for this operation.',
  },
  residency_denied: {
    status: 403,
    message: {
      ja: '境界の中で許可された提供先がないため、何も送信していません。{detail}',
      en: 'No target is allowed inside the boundary; nothing was sent. {detail}',
    },
    documentation:
      'Residency policy refused every target. The reasons name the policy, the copy and the place.',
  },
  invalid_request: {
    status: 400,
    message: { ja: '要求が正しくありません。{detail}', en: 'The request is not valid. {detail}' },
    documentation:
      'A field is missing, malformed or out of its bounds. Every bad field is listed with its path.',
  },
  unsupported_parameter: {
    status: 400,
    message: {
      ja: '対応していないパラメーターです: {detail}',
      en: 'Unsupported parameter: {detail}',
    },
    documentation:
      'A parameter that this cell or the allowed targets do not support. It is refused, never ignored.',
  },
  guard_blocked: {
    status: 400,
    message: {
      ja: 'このワークスペースでは送信できない情報（{detail}）が含まれているため、何も送信していません。取り除いて再試行してください。',
      en: 'The request holds what this workspace may not send ({detail}); nothing was sent. Remove it and retry.',
    },
    documentation:
      'A guard of the workspace blocked the request. The detail names the guard, never what it found.',
  },
  answer_blocked: {
    status: 403,
    message: {
      ja: '応答に、このワークスペースでは表示できない情報（{detail}）が含まれるため、止めました。',
      en: 'The answer holds what this workspace may not show ({detail}); it was stopped.',
    },
    documentation:
      'A guard of the workspace blocked the answer, or the rest of a streamed one. Its tokens are counted.',
  },
  model_not_found: {
    status: 404,
    message: {
      ja: 'モデルが見つかりません: {detail}',
      en: 'The model does not exist here: {detail}',
    },
    documentation: 'No endpoint of the platform serves a model of this name.',
  },
  not_found: {
    status: 404,
    message: { ja: '見つかりません: {detail}', en: 'Not found: {detail}' },
    documentation: 'The path or object does not exist, or is not visible to this credential.',
  },
  receipt_not_ready: {
    status: 409,
    message: {
      ja: 'この通行はまだ終わっていないため、受領証がありません。少し待って再試行してください。',
      en: 'The crossing has not ended yet, so it has no receipt. Retry shortly.',
    },
    documentation: 'The intent is recorded and the outcome is not.',
  },
  receipt_not_witnessed: {
    status: 503,
    message: {
      ja: 'この通行を含む台帳に、立会人の副署がまだ揃っていません。しばらくして再試行してください。',
      en: 'Witnesses have not cosigned a log that holds this crossing yet. Retry later.',
    },
    documentation:
      'A witnessed receipt was demanded, and the quorum of witnesses did not cosign in time. The plain receipt is there.',
  },
  witnesses_not_configured: {
    status: 409,
    message: {
      ja: 'このセルには立会人が設定されていません。受領証は立会人なしで取得できます。',
      en: 'This cell has no witnesses. The receipt is available without them.',
    },
    documentation: 'A witnessed receipt was demanded of a cell that was started without a witness policy.',
  },
  method_not_allowed: {
    status: 405,
    message: { ja: 'このメソッドは使えません: {detail}', en: 'Method not allowed: {detail}' },
    documentation: 'The path exists under another HTTP method.',
  },
  revision_conflict: {
    status: 409,
    message: {
      ja: '計画の後にプラットフォームが変更されました。もう一度 plan を実行してください。{detail}',
      en: 'The platform changed after this plan was made. Run plan again. {detail}',
    },
    documentation: 'Apply names the revision that it was planned against; another apply came first.',
  },
  log_key_refused: {
    status: 409,
    message: {
      ja: '台帳の鍵をそのように変更することはできません。{detail}',
      en: "The log's keys cannot be changed in this way. {detail}",
    },
    documentation:
      'A change of signing keys that would leave a log without one, end a key that does not sign, or cut the overlap that the request demands.',
  },
  request_too_large: {
    status: 413,
    message: {
      ja: '要求が大きすぎます。上限は {detail} です。',
      en: 'The request is too large. The limit is {detail}.',
    },
    documentation: 'The body is over the limit stated by the contract.',
  },
  unsupported_media_type: {
    status: 415,
    message: {
      ja: 'Content-Type は {detail} にしてください。',
      en: 'Content-Type must be {detail}.',
    },
    documentation: 'The body is not of the type that this path takes: JSON, unless stated otherwise.',
  },
  platform_invalid: {
    status: 422,
    message: {
      ja: 'sekisho.yaml に誤りがあります。{detail}',
      en: 'The platform document is not valid. {detail}',
    },
    documentation:
      'The declared platform breaks its schema or refers to something that does not exist. Every fault is listed.',
  },
  client_closed_request: {
    status: 499,
    message: { ja: 'クライアントが切断しました。', en: 'The client closed the connection.' },
    documentation: 'Recorded as the outcome of an aborted crossing; no client sees it.',
  },
  internal_error: {
    status: 500,
    message: {
      ja: '内部エラーです。運用者に次の番号を伝えてください: {detail}',
      en: 'Internal error. Give the operator this number: {detail}',
    },
    documentation: 'An unexpected fault. The cause is in the log under the error id, never in the answer.',
  },
  upstream_failed: {
    status: 502,
    message: {
      ja: '提供先が正しく応答しませんでした。境界の外へは送信していません。',
      en: 'The target did not answer correctly. Nothing was sent outside the boundary.',
    },
    documentation: 'An allowed target accepted the request and then failed; it is not repeated elsewhere.',
  },
  no_target_available: {
    status: 503,
    message: {
      ja: '許可された提供先がいずれも応答しません。境界の外へは送信していません。しばらくして再試行してください。',
      en: 'Every allowed target is down. Nothing was sent outside the boundary. Retry later.',
    },
    documentation: 'Policy allows targets and none of them is reachable.',
  },
  port_unusable: {
    status: 500,
    message: {
      ja: '{detail} で待ち受けられません。別のプログラムが使用中です。--port で別の番号を指定してください。',
      en: 'Cannot listen on {detail}: another program uses it. Choose another with --port.',
    },
    documentation: 'The port is taken or needs rights that the process does not have. Nothing was changed.',
  },
  ledger_unavailable: {
    status: 503,
    message: {
      ja: '台帳に記録できないため、処理を行いませんでした。しばらくして再試行してください。',
      en: 'The ledger could not record the crossing, so nothing was carried. Retry later.',
    },
    documentation: 'No record, no access: the ledger is full, failed or behind.',
  },
  payload_unkeepable: {
    status: 503,
    message: {
      ja: '保管することになっている内容を保管できないため、通行を終えられませんでした。しばらくして再試行してください。',
      en: 'The payload must be kept and could not be, so the crossing was not completed. Retry later.',
    },
    documentation:
      'Retention wants this payload kept: the payload folder is full, unwritable or failed, or the payload is too long. Before the request is kept nothing is sent to a target.',
  },
  hold_in_force: {
    status: 409,
    message: {
      ja: '保全命令があるため消去できません: {detail}',
      en: 'A legal hold forbids the erasure: {detail}',
    },
    documentation: 'A legal hold covers a crossing of the selection; nothing was erased. It names the holds.',
  },
  backup_failed: {
    status: 500,
    message: {
      ja: 'バックアップを作れませんでした。フォルダーと空き容量を確認してください: {detail}',
      en: 'The backup could not be made. Check the folder and the free space: {detail}',
    },
    documentation:
      'The folder is missing, not mounted, full or unwritable. What was copied is removed; the log names the cause.',
  },
  backup_invalid: {
    status: 422,
    message: {
      ja: 'このバックアップは不完全か、書き換えられています。何も戻していません: {detail}',
      en: 'The backup is incomplete or was altered. Nothing was restored: {detail}',
    },
    documentation:
      'A file of the backup is missing or does not match the manifest, a log does not hash to its signed root, or the newer log does not continue it.',
  },
  hold_exists: {
    status: 409,
    message: {
      ja: 'この名前の保全命令は既にあります。別の名前を付けてください: {detail}',
      en: 'A legal hold of this name exists or existed. Choose another name: {detail}',
    },
    documentation: 'The name of a hold is used once in the life of a tenant, so that the log stays readable.',
  },
  ledger_corrupt: {
    status: 500,
    message: {
      ja: '台帳の保存内容が壊れているか、書き換えられています。何も変更せずに停止しました。バックアップと照合してください。{detail}',
      en: 'What the ledger has stored is damaged or was altered. It stopped and changed nothing. Compare with a backup. {detail}',
    },
    documentation:
      'Stored bytes of the ledger are not what a crash can leave: a bad frame inside the write-ahead log, a tile that does not hash to the signed root, a checkpoint not signed by the key of its log.',
  },
  keystore_unusable: {
    status: 500,
    message: {
      ja: '鍵ストアを開けません。パスフレーズファイルと鍵ファイルを確認してください。{detail}',
      en: 'The keystore cannot be opened. Check the passphrase file and the key files. {detail}',
    },
    documentation:
      'The passphrase is not the one that sealed the keys, a key file was altered, or a file of the keystore is missing or readable by others.',
  },
  jurisdiction_invalid: {
    status: 500,
    message: {
      ja: '法域データを読めないため、起動しません。{detail}',
      en: 'The jurisdiction data cannot be read, so the cell does not start. {detail}',
    },
    documentation:
      'A jurisdiction pack is missing or damaged, or two packs contradict each other. Each fault names its file and line.',
  },
  database_unavailable: {
    status: 503,
    message: {
      ja: 'データベースを使えません。{detail}',
      en: 'The database cannot be used. {detail}',
    },
    documentation: "The cell's PostgreSQL does not start, does not answer, or holds a newer schema.",
  },
  crossings_rebuilding: {
    status: 503,
    message: {
      ja: '通行の検索用テーブルを台帳から作り直しています。しばらくして再試行してください。進み具合: sekisho crossings rebuild --status',
      en: 'The table that searches read is being rebuilt from the ledger. Retry later. Progress: sekisho crossings rebuild --status',
    },
    documentation:
      'The projection of crossings does not hold all of the ledger yet, so a search could miss one. Nothing is lost: the ledger holds every crossing.',
  },
  search_timeout: {
    status: 503,
    message: {
      ja: '検索が {detail} 秒以内に終わりませんでした。テナントや期間で絞り込んでください。',
      en: 'The search did not end within {detail} s. Narrow it by tenant or by period.',
    },
    documentation:
      'A search over crossings took too long or found no free connection. It is ended so that others are served.',
  },
  object_store_unavailable: {
    status: 503,
    message: {
      ja: 'オブジェクトストアを使えません。{detail}',
      en: 'The object store cannot be used. {detail}',
    },
    documentation:
      'The S3 object store refuses, does not answer in time, or answers what S3 does not answer, also after retries. The detail names bucket and key.',
  },
  home_unusable: {
    status: 500,
    message: {
      ja: 'データフォルダーを使えません。{detail}',
      en: 'The data folder cannot be used. {detail}',
    },
    documentation:
      'SEKISHO_HOME is not a writable folder, is not a Sekisho home, or was made by a newer version. Nothing in it was changed.',
  },
  home_locked: {
    status: 500,
    message: {
      ja: '別のセルがこのデータフォルダーを使っています: {detail}',
      en: 'Another cell is using this data folder: {detail}',
    },
    documentation: 'Two cells never share a data folder: the second does not start.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorDefinitions;

/** One thing that is wrong, where, and optionally why in both languages. */
export interface Fault {
  /** Dotted path of the field, `tenants.0.workspaces.1.boundary`; empty for the whole. */
  readonly path: string;
  readonly message: Bilingual;
}

/**
 * The one error that edges render. `detail` may be shown to the client, `cause` may not.
 */
export class SekishoError extends Error {
  override readonly name = 'SekishoError';
  readonly code: ErrorCode;
  readonly detail: Bilingual;
  readonly faults: readonly Fault[];

  constructor(
    code: ErrorCode,
    detail: string | Bilingual = '',
    options: { readonly faults?: readonly Fault[]; readonly cause?: unknown } = {},
  ) {
    const bilingual = typeof detail === 'string' ? { ja: detail, en: detail } : detail;
    super(
      renderMessage(code, bilingual.en, 'en'),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.detail = bilingual;
    this.faults = options.faults ?? [];
  }

  get status(): number {
    return errorDefinitions[this.code].status;
  }

  /** The message a person reads in one language. */
  messageIn(language: 'ja' | 'en'): string {
    return renderMessage(this.code, this.detail[language], language);
  }
}

function renderMessage(code: ErrorCode, detail: string, language: 'ja' | 'en'): string {
  // A function as replacement: a detail may contain "$&", which replace would expand.
  return errorDefinitions[code].message[language].replace('{detail}', () => detail).trimEnd();
}
