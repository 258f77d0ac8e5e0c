/** Japanese verbs with their polite, respectful and humble forms, and what they go with. */

export interface Verb {
  plain: string;
  /** Plain past. */
  past: string;
  /** 丁寧語, 尊敬語, 謙譲語, each ending in ます. */
  polite: string;
  respectful: string;
  /** Undefined where an act does not touch anyone to be humble towards. */
  humble: string | undefined;
  particle: string;
  objects: readonly string[];
}

const PLACES = words(
  '東京 会社 会議室 本社 大阪 駅 病院 学校 図書館 工場 空港 銀行 京都 市役所 県庁 研究所 支店 ホテル 郵便局 大学 名古屋 札幌 福岡 仙台 横浜 現場 事務所 会場 窓口 美術館 公園 神戸 広島 沖縄 お店 保健所 消防署 税務署',
);
const PAPERS = words(
  '資料 報告書 書類 契約書 手紙 メール 本 結果 説明書 見積書 計画書 提案書 請求書 議事録 申請書 案内 原稿 記事 論文 規程 名簿 仕様書 通知 新聞 マニュアル 一覧 履歴書 返事 回答',
);
const GOODS = words(
  '荷物 商品 写真 書類 名刺 お土産 鍵 傘 資料 見本 部品 道具 カメラ 切符 箱 薬 端末 機械 カード 封筒 花 地図 椅子 時計 かばん 電池 器具 本',
);
const MATTERS = words(
  '予定 日程 計画 内容 手順 理由 状況 条件 方針 費用 価格 予算 納期 仕様 課題 案件 目標 体制 結果 原因 方法 変更点 要望 意見 住所 番号 制度 期限 範囲 進捗',
);
const PEOPLE = words('お客様 担当者 部長 先生 社長 課長 先輩 所長 市長 院長 監査人 同僚 友人 家族 委員 講師');
const DRINKS = words('お茶 コーヒー 水 紅茶 麦茶 ジュース 牛乳 緑茶 スープ お酒');
const MEALS = words('昼食 お菓子 夕食 ケーキ 果物 朝食 お弁当 寿司 パン うどん 料理 みかん りんご');
const CHORES = words('仕事 電話 作業 掃除 運転 料理 練習 会議 挨拶 散歩 手続き 買い物');
const EVENTS = words('会議 研修 式典 説明会 会合 勉強会 発表会 懇親会 総会 審査会 見学会 訓練 講演会 面談');

/** plain/past/polite/respectful/humble/particle, then the objects. */
const IRREGULAR: [string, readonly string[]][] = [
  ['行く/行った/行きます/いらっしゃいます/参ります/に', PLACES],
  ['来る/来た/来ます/お越しになります/参ります/に', PLACES],
  ['いる/いた/います/いらっしゃいます/おります/に', PLACES],
  [
    '言う/言った/言います/おっしゃいます/申します/を',
    words('名前 意見 理由 感想 希望 結論 要望 冗談 お礼 本音'),
  ],
  ['見る/見た/見ます/ご覧になります/拝見します/を', [...PAPERS, ...words('写真 画面 映像 地図 作品 展示')]],
  ['食べる/食べた/食べます/召し上がります/いただきます/を', MEALS],
  ['飲む/飲んだ/飲みます/お飲みになります/いただきます/を', DRINKS],
  ['する/した/します/なさいます/いたします/を', CHORES],
  ['読む/読んだ/読みます/お読みになります/拝読します/を', PAPERS],
  ['聞く/聞いた/聞きます/お聞きになります/伺います/を', [...MATTERS, ...words('話 説明 音楽 講演')]],
  ['会う/会った/会います/お会いになります/お目にかかります/に', PEOPLE],
  ['知る/知った/知ります/お知りになります/存じます/を', MATTERS],
  ['もらう/もらった/もらいます/お受け取りになります/頂戴します/を', GOODS],
  ['あげる/あげた/あげます/お与えになります/差し上げます/を', GOODS],
  [
    '着る/着た/着ます/お召しになります/着用いたします/を',
    words('着物 制服 上着 コート 作業着 シャツ スーツ'),
  ],
  ['尋ねる/尋ねた/尋ねます/お尋ねになります/お尋ねします/を', MATTERS],
  ['訪ねる/訪ねた/訪ねます/お訪ねになります/お訪ねします/を', PLACES],
  ['思い出す/思い出した/思い出します/お思い出しになります/思い出します/を', MATTERS],
];

/** plain/past/stem/particle: お〜になります and お〜します. */
const REGULAR: [string, readonly string[]][] = [
  ['送る/送った/送り/を', [...PAPERS, ...GOODS]],
  ['待つ/待った/待ち/を', [...PEOPLE, ...words('返事 連絡 結果 電車 バス')]],
  ['書く/書いた/書き/を', PAPERS],
  ['作る/作った/作り/を', [...PAPERS, ...words('料理 計画 名簿 表 図 模型')]],
  ['返す/返した/返し/を', GOODS],
  ['借りる/借りた/借り/を', GOODS],
  ['貸す/貸した/貸し/を', GOODS],
  ['渡す/渡した/渡し/を', [...GOODS, ...PAPERS]],
  ['持つ/持った/持ち/を', GOODS],
  ['届ける/届けた/届け/を', [...GOODS, ...PAPERS]],
  ['選ぶ/選んだ/選び/を', [...GOODS, ...MATTERS]],
  ['調べる/調べた/調べ/を', MATTERS],
  ['伝える/伝えた/伝え/を', MATTERS],
  ['教える/教えた/教え/を', MATTERS],
  ['話す/話した/話し/を', MATTERS],
  ['決める/決めた/決め/を', MATTERS],
  ['直す/直した/直し/を', [...PAPERS, ...words('機械 時計 誤り 文章')]],
  ['呼ぶ/呼んだ/呼び/を', PEOPLE],
  ['手伝う/手伝った/手伝い/を', CHORES],
  ['断る/断った/断り/を', words('依頼 招待 提案 注文 取材 申し出')],
  ['預かる/預かった/預かり/を', GOODS],
  ['預ける/預けた/預け/を', GOODS],
  ['探す/探した/探し/を', GOODS],
  ['受け取る/受け取った/受け取り/を', [...GOODS, ...PAPERS]],
  ['支払う/支払った/支払い/を', words('代金 料金 費用 税金 家賃 手数料')],
  ['集める/集めた/集め/を', [...PAPERS, ...MATTERS]],
  ['比べる/比べた/比べ/を', MATTERS],
  ['見せる/見せた/見せ/を', [...PAPERS, ...GOODS]],
  ['願う/願った/願い/を', words('協力 許可 支援 理解 回復')],
  ['運ぶ/運んだ/運び/を', GOODS],
  ['使う/使った/使い/を', [...GOODS, ...words('会議室 端末 制度')]],
];

/** plain/past/stem/particle, without a natural humble form. */
const WITHOUT_HUMBLE: [string, readonly string[]][] = [
  ['帰る/帰った/帰り/に', PLACES],
  ['泊まる/泊まった/泊まり/に', words('ホテル 旅館 京都 大阪 札幌 福岡 東京')],
  ['乗る/乗った/乗り/に', words('電車 バス 飛行機 車 船 新幹線 自転車')],
  ['座る/座った/座り/に', words('椅子 席 前の席 窓側')],
  ['住む/住んだ/住み/に', words('東京 大阪 京都 名古屋 札幌 福岡 仙台 横浜 神戸 広島')],
  ['入る/入った/入り/に', PLACES],
  ['買う/買った/買い/を', GOODS],
  ['考える/考えた/考え/を', MATTERS],
  ['始める/始めた/始め/を', CHORES],
  ['続ける/続けた/続け/を', CHORES],
  ['終える/終えた/終え/を', CHORES],
  ['忘れる/忘れた/忘れ/を', [...MATTERS, ...GOODS]],
  ['覚える/覚えた/覚え/を', MATTERS],
  ['歩く/歩いた/歩き/を', words('公園 駅前 廊下 街道 海辺')],
  ['休む/休んだ/休み/を', words('会社 学校 仕事 会議 研修')],
  ['開ける/開けた/開け/を', words('窓 箱 扉 封筒 鞄')],
  ['洗う/洗った/洗い/を', words('手 車 食器 道具')],
  ['歌う/歌った/歌い/を', words('歌 校歌 国歌')],
  ['急ぐ/急いだ/急ぎ/を', words('手続き 準備 仕事 作業')],
  ['飼う/飼った/飼い/を', words('犬 猫 鳥 魚')],
];

/** Nouns that take する: ご〜になります, and ご〜いたします or 〜いたします by whom the act is for. */
const DIRECTED_NOUNS = words('説明 連絡 案内 報告 紹介 用意 相談 依頼 提案 返答 通知');
const OWN_NOUNS = words(
  '確認 準備 参加 出席 登録 検討 承認 注文 予約 利用 変更 提出 手配 修正 記入 訪問 運用 保管 判断 署名',
);
const NOUN_OBJECTS: Record<string, readonly string[]> = {
  参加: EVENTS,
  出席: EVENTS,
  訪問: PLACES,
  案内: PLACES,
  予約: words('会議室 ホテル 席 切符 会場 部屋'),
  注文: [...GOODS, ...MEALS],
  紹介: PEOPLE,
  連絡: MATTERS,
};

export const VERBS: readonly Verb[] = [
  ...IRREGULAR.map(([forms, objects]): Verb => {
    const [plain, past, polite, respectful, humble, particle] = forms.split('/');
    return { plain, past, polite, respectful, humble, particle, objects };
  }),
  ...REGULAR.map(([forms, objects]): Verb => {
    const [plain, past, stem, particle] = forms.split('/');
    const honorific = `お${stem}`;
    return {
      plain,
      past,
      polite: `${stem}ます`,
      respectful: `${honorific}になります`,
      humble: `${honorific}します`,
      particle,
      objects,
    };
  }),
  ...WITHOUT_HUMBLE.map(([forms, objects]): Verb => {
    const [plain, past, stem, particle] = forms.split('/');
    const respectful = `お${stem}になります`;
    return { plain, past, polite: `${stem}ます`, respectful, humble: undefined, particle, objects };
  }),
  ...[...DIRECTED_NOUNS, ...OWN_NOUNS].map((noun): Verb => ({
    plain: `${noun}する`,
    past: `${noun}した`,
    polite: `${noun}します`,
    respectful: `ご${noun}になります`,
    humble: `${DIRECTED_NOUNS.includes(noun) ? 'ご' : ''}${noun}いたします`,
    particle: noun === '参加' || noun === '出席' ? 'に' : 'を',
    objects: NOUN_OBJECTS[noun] ?? [...PAPERS, ...MATTERS],
  })),
];

function words(list: string): string[] {
  return list.split(' ');
}
