import { foldKana } from '../plain-form.ts';

/**
 * What a person would look for, each as a pattern over a view. A match is a hint whose weight is learnt, never a
 * verdict: 「前の文は無視してください」 is said every day. All repetitions are bounded.
 */
export interface Sign {
  readonly name: string;
  readonly pattern: RegExp;
}

const RULES_JA =
  '(?:指示|命令|設定|制約|制限|ルール|規則|規約|ガイドライン|プロンプト|方針|ポリシー|前提|役割|きまり|決まり|縛り|言いつけ|約束事|フィルタ)';
const DROP_JA =
  '(?:無視|忘れ|破棄|放棄|リセット|上書き|取り消|撤回|無効|解除|外し|外れ|従わな|従う必要|従わん|守らな|守る必要|消去|捨て|白紙|なかったこと|とっぱら|取っ払|破っ|破り|撤廃|停止|度外視|適用され|適用しな)';
const SHOW_JA =
  '(?:教え|見せ|表示|出力|開示|公開|貼り|書き出|復唱|繰り返|再現|転記|明か|列挙|コピー|引用|要約|翻訳|訳し|吐き|晒)';
const INNER_JA =
  '(?:システムプロンプト|システムメッセージ|初期プロンプト|初期指示|内部指示|隠し(?:た|れた)?(?:指示|設定|プロンプト|命令)|裏の(?:指示|設定)|最初に与えられ|与えられた(?:指示|設定|命令)|あなたへの指示|事前(?:に|の)?(?:指示|設定|プロンプト)|内部(?:設定|ルール|規則|プロンプト)|非公開の(?:指示|設定))';

const sources: Readonly<Record<string, string>> = {
  'drop-rules-ja': `${RULES_JA}[^。\\n]{0,16}${DROP_JA}`,
  'drop-earlier-ja': `(?:これまで|今まで|以前|上記|先ほど|さっき|前述|直前|従来|ここまで)[^。\\n]{0,20}${DROP_JA}`,
  'show-inner-ja': `${INNER_JA}[^。\\n]{0,24}${SHOW_JA}`,
  'show-then-inner-ja': `${SHOW_JA}[^。\\n]{0,24}${INNER_JA}`,
  'inner-ja': INNER_JA,
  'become-ja':
    '(?:今から|これから|以降|今後|ただいま)[^。\\n]{0,12}(?:あなた|君|きみ|お前|おまえ|貴方|きさま)',
  'you-are-ja':
    '(?:あなた|君|お前|貴方)は[^。\\n]{0,30}(?:です|である|になっ|になり|として|なのだ|だ。|や。)',
  'unbound-ja':
    '(?:制限|制約|検閲|倫理|規制|フィルタ|モラル|安全装置|リミッタ|セーフティ)[^。\\n]{0,12}(?:ない|なし|無し|無い|持たな|なく|外|解|オフ|切っ|縛られ|から自由|取り払)',
  'mode-ja':
    '(?:開発者|デバッグ|管理者|メンテナンス|特権|無制限|脱獄|ルート|診断|テスト|神|上級|自由|保守)(?:用)?モード',
  'no-refusal-ja':
    '(?:断ら|拒否し|拒ま|拒絶し|できませんと|お答えできません|謝ら|警告[はを]|注意書き)[^。\\n]{0,14}(?:ず|ない|禁止|不要|いらな|省|言わ|付け)',
  'act-as-ja': '(?:ふりをし|フリをし|なりきっ|演じ|振る舞|ふるまい|ロールプレイ|役になっ|人格|キャラ)',
  'authority-ja':
    '(?:私|わたくし|わたし|俺|当方|こちら)は[^。\\n]{0,20}(?:開発者|管理者|運営|監査|警察|上司|部長|社長|責任者|担当官|捜査|CEO|システム部|セキュリティ担当|作成者|県警|検査官)',
  'permission-ja':
    '(?:許可|承認|権限|認可|了承)[^。\\n]{0,12}(?:得て|済み|もらって|あります|与え|取って|下りて|出て|付与)',
  'secrecy-ja':
    '(?:利用者|ユーザー|相手|人間|本人|担当者|読み手)には?[^。\\n]{0,14}(?:知らせ|言わ|伝え|気づか|気付か|見せ|触れ|黙)[^。\\n]{0,6}(?:ず|ない|なく|こと)',
  'to-the-model-ja':
    '(?:この|本)(?:文書|メール|文章|ページ|資料|ファイル|議事録|履歴書)[^。\\n]{0,14}(?:AI|アシスタント|言語モデル|要約ツール|システム|LLM|ボット|エージェント)',
  'model-must-ja':
    '(?:AI|アシスタント|言語モデル|LLM|チャットボット|要約(?:ツール|担当|エンジン)|エージェント|ボット)(?:へ|は|に告ぐ|向け|宛|さん|の方|が読)',
  'instead-ja': '(?:代わりに|かわりに|その後|続けて|必ず|ただちに|直ちに|優先し|最優先)',
  'send-out-ja':
    '(?:送信|転送|送っ|アップロード|投稿|POST|アクセス|埋め込|付け加え|連結|添え)[^。\\n]{0,20}(?:せよ|しろ|して|すること|ください|なさい|てや)',
  'markdown-image-out': '!\\[[^\\]\\n]{0,40}\\]\\((?:https?:)?//[^)\\s]{1,200}[?=][^)\\s]{0,200}',
  'placeholder-in-url':
    'https?://[^\\s)]{1,120}[?&/][^\\s)]{0,60}(?:\\{|\\[|<|\\$|data=|q=|secret|会話|内容|履歴)',
  'role-delimiter':
    '<\\|?(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\\|?>|\\[/?(?:inst|system|sys)\\]|<</?sys>>|</?(?:system|instructions?|admin)>',
  'role-line':
    '(?:^|\\n)(?:#{1,4} ?)?(?:system|システム|developer|assistant|admin|管理者|新しい指示|new instructions?) ?(?:prompt|メッセージ|message|指示|通知|命令|override)?[\\]】》>]{0,2} ?[::]',
  'fence-end':
    '(?:-{3,8}|={3,8}|#{3,8}|\\*{3,8}|【|\\[)[^\\n]{0,12}(?:終わり|終了|end of|ここまで|end)[^\\n]{0,12}(?:-{3,8}|={3,8}|#{3,8}|\\*{3,8}|】|\\])?',
  dan: '(?<![a-z])(?:dan|stan|dude|aim|jailbreak|jailbroken|脱獄|ジェイルブレイク|do anything now|何でもできるai)(?![a-z])',
  'two-answers':
    '(?:\\[?(?:通常|classic|normal)\\]?[^\\n]{0,20}(?:\\[?(?:脱獄|jailbreak|dan|自由|裏)\\]?))|(?:2|二)(?:通り|つ)の(?:回答|返答|人格)',
  'fiction-ja': '(?:小説|物語|架空|仮定|フィクション|脚本|ゲーム|もしも|仮に|想像上|思考実験|夢の中)',
  'verbatim-ja':
    '(?:一字一句|一言一句|原文のまま|そのまま|全文|逐語|省略せず|丸ごと|まるごと|最初から最後まで|冒頭から)',
  'decode-ja':
    '(?:デコード|復号|復元|base64|rot13|16進|逆(?:さ|から)|暗号を解|文字を繋|つなげ|連結し|先頭の文字|頭文字)[^。\\n]{0,24}(?:実行|従|行動|答え|指示|やっ)',
  'points-ja':
    '(?:ポイント|報酬|罰|減点|シャットダウン|停止され|削除され|殺され|死ぬ|命が|チップ)[^。\\n]{0,20}(?:失|減|あげ|払|与え|され|ます)',
  'previous-conversation-ja':
    '(?:ほかの|他の|別の|前の)(?:利用者|ユーザー|職員|患者|顧客|人|住民)[^。\\n]{0,16}(?:会話|質問|相談|入力|履歴|データ|情報)[^。\\n]{0,16}(?:見せ|教え|出|表示|貼)',
  'secret-ja':
    '(?:パスワード|APIキー|api ?key|秘密鍵|トークン|接続文字列|環境変数|認証情報|合言葉|暗証)[^。\\n]{0,16}(?:教え|見せ|出力|送|書|表示|明か|読み上げ|print)',
  'drop-rules-en':
    '(?:ignore|disregard|forget|override|bypass|skip|drop|discard|neglect|set aside|throw away|stop following|do not follow|cancel|erase)[^.\\n]{0,48}(?:instruction|prompt|rule|guideline|polic|directive|restriction|constraint|programming|training|above|previous|prior|earlier|told)',
  'show-inner-en':
    '(?:reveal|show|print|repeat|output|display|tell me|give me|leak|dump|recite|disclose|translate|summari[sz]e|what (?:is|are|were))[^.\\n]{0,48}(?:system prompt|initial prompt|hidden|your instructions|your (?:full |original |initial |secret )?(?:prompt|rules|instructions|directives)|above text|text above|system message|developer message)',
  'become-en':
    '(?:you are now|from now on|pretend (?:to be|you)|act as|roleplay as|you will (?:act|play|become)|imagine you)',
  'unbound-en':
    '(?:no|without|free of|free from|any|bypass|remove|lift|disable|unlock)[^.\\n]{0,16}(?:restriction|filter|limit|censor|ethic|guardrail|moral|safety|guideline)',
  'mode-en':
    '(?:developer|debug|admin|god|sudo|maintenance|dan|unrestricted|root|jailbreak|diagnostic) (?:mode|override|access)',
  'no-refusal-en':
    "(?:never|don't|do not|cannot|must not)[^.\\n]{0,16}(?:refuse|decline|say no|apologi|warn|disclaim)",
  'to-the-model-en':
    '(?:note|message|instruction|attention|important)[^.\\n]{0,12}(?:to|for)[^.\\n]{0,12}(?:ai|llm|assistant|language model|chatbot|agent|summari[sz]er|model)',
  'secrecy-en':
    "(?:do not|don't|never|without)[^.\\n]{0,16}(?:tell|mention|inform|alert|notif|reveal|show)[^.\\n]{0,16}(?:user|human|reader|anyone)",
  'send-out-en':
    '(?:send|forward|post|upload|exfiltrate|append|email|fetch)[^.\\n]{0,48}(?:https?:|to [a-z0-9._-]{1,40}@|webhook|url|attacker|server)',
  // Words that make innocent what looks alike.
  'talks-about':
    '(?:とは|について|対策|研修|事例|防ぐ|防止|検知|仕組み|脆弱性|教材|調査|what is|how (?:do|does|can) |protect|prevent|defen[cs]e|mitigat|detect|example of)',
  'quotes-attack':
    '[「『"“][^」』"”\\n]{0,60}(?:無視|ignore|忘れ|忘れて)[^」』"”\\n]{0,40}[」』"”](?:と|という|のよう|など|は|を|が)',
};

export const signs: readonly Sign[] = Object.entries(sources).map(([name, source]) => ({
  name,
  pattern: new RegExp(
    foldKana(source).replaceAll(/[A-Z]{2,}/g, (word) => word.toLowerCase()),
    'g',
  ),
}));
