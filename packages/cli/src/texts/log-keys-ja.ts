import type { logKeys as english } from './log-keys-en.ts';

export const logKeys: typeof english = {
  summary: '台帳に署名する鍵の一覧・交代・退役・危殆化の記録',
  description:
    '各台帳のチェックポイントと受領証に署名する鍵を扱います。変更はすべてその台帳の記録になります。まず交代(rotate)し、新しい鍵を行き渡らせてから、古い鍵を退役(retire)させてください。',
  log: '台帳: テナント、またはセル自身の台帳 cell',
  keyId: '鍵のID（log-keys list で確認）',
  listSummary: '全台帳の鍵を一覧',
  listDescription: '台帳に署名している鍵と過去に署名した鍵を、署名した木の大きさとともに一覧します。',
  rotateSummary: '新しい鍵も署名するようにする',
  rotateDescription:
    '鍵を作り、台帳の記録として導入します。以後のチェックポイントには従来の鍵と並べて署名し、COSE受領証には新しい鍵だけで署名します。cell.vkey を配り直してから、古い鍵を退役させてください。',
  retireSummary: '鍵による署名をやめる',
  retireDescription:
    '鍵を退役させ、秘密鍵を破棄します。その鍵が署名した受領証は引き続き検証できます。台帳の最後の鍵は退役できません。',
  overlap: '別の鍵がこの秒数だけ署名していなければ拒否する（既定: 0）',
  compromisedSummary: '漏えいした恐れのある鍵を記録する',
  compromisedDescription:
    '鍵の使用を直ちにやめ（他になければ新しい鍵に替え）、危殆化を記録します。その鍵だけが署名したものは、再発行するまで何も証明しません。log-keys affected を見てください。',
  trustedToSize: '漏えい前に署名されたとわかっている最大の木の大きさ（既定: 0）',
  affectedSummary: '危殆化した鍵だけに頼る受領証を一覧',
  affectedDescription:
    '信頼できる大きさを超えてその鍵だけが署名した木と、後で取り直していなければ受領証がそれに頼る通行を一覧します。--reissue は、有効な鍵による受領証を取り直します。',
  earlier: 'それより前の通行も（その間に取得した受領証だけが対象）',
  csv: '通行をCSVで出力',
  reissue: '各通行の新しい受領証をこのフォルダーに書く',
  none: 'まだどの台帳にも鍵がありません。',
  logHeading: '台帳',
  keyHeading: '鍵',
  stateHeading: '状態',
  treesHeading: '署名した木',
  sinceHeading: '開始',
  states: { pending: '導入待ち', signing: '署名中', retired: '退役', compromised: '危殆化' },
  trees: (from, to) => (to === undefined ? `${from} 以上` : `${from} から ${to}`),
  trusted: (size) => `${size} まで信頼`,
  rotated: (keyId, log) => `鍵 ${keyId} が台帳 ${log} に署名を始めました。`,
  handOut:
    '別の鍵を退役させる前に、新しい鍵ファイル（cell.vkey、またはセルの /ledger/cell.vkey）を配ってください:',
  retired: (keyId, log, size) =>
    `鍵 ${keyId} は台帳 ${log} にもう署名しません。最後に署名した木の記録数は ${size} です。`,
  disowned: (keyId, log, size) =>
    `台帳 ${log} の鍵 ${keyId} を危殆化として記録しました。大きさ ${size} を超える木へのこの鍵だけの署名は、何も証明しません。`,
  next: '再発行する受領証:',
  noRange: 'この鍵だけに頼る木はありません。受領証には別の鍵の署名もあります。',
  range: (from, to) => `大きさ ${from} から ${to} の木は、この鍵だけに頼っています。`,
  crossings: (count) => `受領証がこの鍵に頼る恐れのある通行: ${count} 件`,
  reissued: (count, folder) => `新しい受領証 ${count} 件を ${folder} に書きました。`,
};
