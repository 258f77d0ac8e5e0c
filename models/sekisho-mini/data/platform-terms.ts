/** What the model says about the platform, in the project's own words. */

export interface Term {
  /** Ways to name it; the first is the one that an answer uses. */
  ja: readonly string[];
  en: readonly string[];
  jaAnswer: string;
  enAnswer: string;
  /** A phrase that shows the answer is about this term. */
  jaFact: string;
  enFact: string;
  jaDetail?: string;
  enDetail?: string;
}

export const TERMS: readonly Term[] = [
  {
    ja: [
      'Sekisho',
      '関所',
      'せきしょ',
      'このプラットフォーム',
      'このクラウド',
      'このサービス',
      'sekisho',
      'Sekisho（関所）',
      'このシステム',
    ],
    en: [
      'Sekisho',
      'sekisho',
      'this platform',
      'this cloud',
      'this service',
      'the Sekisho platform',
      'Sekisho cloud',
    ],
    jaAnswer:
      'Sekisho（関所）は、お客様が引いた境界の内側でAIとデータの処理を行い、それを証明するオープンソースのソブリンAIクラウド基盤です。',
    enAnswer:
      'Sekisho is an open-source sovereign AI cloud layer. It runs AI and data workloads inside a boundary that you draw, and it proves it.',
    jaFact: '境界の内側',
    enFact: 'inside a boundary',
    jaDetail:
      'Sekisho（関所）は、お客様が引いた境界の内側でAIとデータの処理を行い、それを証明するオープンソースの基盤です。名前は、旅人が手形を見せて通った昔の関所に由来します。データの利用はすべて「通関」として扱われ、本人確認、可否の判定、台帳への記録、実行、計量、結果の記録という同じ道を通ります。答えには受領証が付き、どこで、どの方針のもとで処理されたかを示します。監査人は、運用者を信用しなくても、手元で検証できます。OpenAIやAzureのSDKをそのまま使えます。',
    enDetail:
      'Sekisho is an open-source sovereign AI cloud layer. It runs AI and data workloads inside a boundary that you draw: a country, a prefecture or a municipality. The name comes from the old highway checkpoints of Japan, where every traveller showed papers. Every use of data is a crossing, and each crossing takes the same road: identify, decide, record intent, carry, meter, record outcome. The answer comes with a receipt that says where it was processed, under which policy, and at which assurance. Auditors can check the ledger offline without trusting the operator. You keep your OpenAI and Azure SDKs.',
  },
  {
    ja: ['crossing', 'クロッシング', '通関', 'データの通関', '「通関」', 'Sekishoの通関'],
    en: ['a crossing', 'crossing', 'a data crossing', 'the word crossing', 'a Sekisho crossing', 'crossings'],
    jaAnswer:
      '通関（crossing）とは、一回のデータ利用のことです。誰が、何を、どのデータに、どこで、なぜ行うかを一組にして扱います。',
    enAnswer:
      'A crossing is one use of data: who does what to which data, where, and why. Every crossing takes the same road.',
    jaFact: '一回のデータ利用',
    enFact: 'one use of data',
    jaDetail:
      '通関（crossing）とは、一回のデータ利用のことです。チャットの応答、ファイルの書き込み、複製、バックアップ、鍵の開示、保守担当者の閲覧、学習ジョブ、移行の転送は、どれも通関です。通関は六つの段階を順に通ります。一、本人確認。二、判定。三、意図の記録。四、実行。五、計量。六、結果の記録。記録できなければ、データには触れません。境界の内側に行き先がなければ、遠回りせずに断ります。',
    enDetail:
      'A crossing is one use of data: who does what to which data, where, and why. A chat answer, a file write, its replica, its backup, a key release, a support look, a training job and a transfer are all crossings. Each takes six steps. First, identify the caller. Second, decide under the policy. Third, record the intent in the ledger. Fourth, carry out the work at an allowed place. Fifth, meter the usage in yen. Sixth, record the outcome. No record means no access.',
  },
  {
    ja: ['受領証', 'receipt', 'レシート', 'Sekishoの受領証', 'データの受領証', '「receipt」', '処理の受領証'],
    en: ['a receipt', 'receipt', 'the receipt', 'a Sekisho receipt', 'the word receipt', 'receipts'],
    jaAnswer:
      '受領証（receipt）は、答えと一緒に返る証明です。どこで処理されたか、どの方針の版か、どの保証の水準か、台帳の何番かを示します。',
    enAnswer:
      'A receipt comes with every answer. It says where it was processed, under which policy revision, at which assurance, and which ledger index proves it.',
    jaFact: '答えと一緒に返る',
    enFact: 'comes with every answer',
    jaDetail:
      '受領証（receipt）は、答えと一緒に返る証明です。処理した場所、方針の版、保証の水準、台帳の番号が書かれています。受け取った人は、台帳のチェックポイントと照らし合わせ、記録が後から変えられていないことを確かめられます。検証は手元の計算機だけで行え、運用者を信用する必要はありません。拒否されたときも記録は残ります。',
    enDetail:
      'A receipt comes with every answer. It says where it was processed, under which policy revision, at which assurance, and which ledger index proves it. You can check a receipt against a checkpoint of the ledger, which shows that the record was not changed later. The check runs offline on your own machine, so you need not trust the operator. Denied requests are recorded too.',
  },
  {
    ja: ['境界', 'boundary', 'バウンダリ', 'データの境界', 'Sekishoの境界', '「境界」'],
    en: ['a boundary', 'boundary', 'the boundary', 'a data boundary', 'the word boundary', 'boundaries'],
    jaAnswer:
      '境界（boundary）とは、ワークスペースが操作ごとに許す場所と条件の範囲です。国、都道府県、市区町村の単位で引けます。',
    enAnswer:
      'A boundary is the set of places and conditions that a workspace allows, per action. You can draw it by country, prefecture or municipality.',
    jaFact: '場所と条件',
    enFact: 'places and conditions',
    jaDetail:
      '境界（boundary）とは、ワークスペースが操作ごとに許す場所と条件の範囲です。国、都道府県、市区町村の単位で引けます。境界はデータのすべての写しに及びます。元のデータ、複製、バックアップ、ログ、鍵、予備の経路、保守の画面も例外ではありません。境界の内側に処理できる場所がなければ、Sekishoは外へ出さずに要求を断ります。',
    enDetail:
      'A boundary is the set of places and conditions that a workspace allows, per action. You can draw it by country, prefecture or municipality. It speaks about every copy of the data: the primary, replicas, backups, logs, keys, fallbacks and support screens. If no place inside the boundary can serve a request, Sekisho refuses it and never takes a detour.',
  },
  {
    ja: ['保証水準', 'assurance', '保証の水準', 'アシュアランス', 'Sekishoの保証水準', '保証レベル'],
    en: [
      'assurance',
      'an assurance level',
      'the assurance',
      'assurance levels',
      'the levels of assurance',
      'the word assurance',
    ],
    jaAnswer:
      '保証水準（assurance）は、処理場所の証明の強さです。弱い順に、申告（declared）、運用者の証明（operator-attested）、機器の証明（hardware-attested）の三段階です。',
    enAnswer:
      'Assurance says how strongly the place of processing is proven. There are three levels: declared, operator-attested and hardware-attested.',
    jaFact: '三段階',
    enFact: 'three levels',
  },
  {
    ja: ['データ区分', 'data class', 'データクラス', 'データの区分', 'Sekishoのデータ区分', '機密性の区分'],
    en: ['a data class', 'data class', 'data classes', 'the data class', 'the class of data'],
    jaAnswer:
      'データ区分（data class）は、データの扱いの重さを表す分類です。機密性1から3、マイナンバー、要配慮個人情報などがあります。',
    enAnswer:
      'A data class says how carefully data must be handled: confidentiality 1 to 3, my-number, or special-care data.',
    jaFact: '機密性1から3',
    enFact: 'confidentiality 1 to 3',
  },
  {
    ja: ['証人', 'witness', 'ウィットネス', '台帳の証人', 'Sekishoの証人', '「証人」'],
    en: ['a witness', 'witness', 'witnesses', 'the witness', 'a ledger witness'],
    jaAnswer:
      '証人（witness）は、台帳のチェックポイントに連署する独立した第三者です。運用者が記録を書き換えても見破れます。',
    enAnswer:
      'A witness is an independent party that cosigns the checkpoints of a ledger, so that the operator cannot rewrite history unnoticed.',
    jaFact: '連署',
    enFact: 'cosigns',
  },
  {
    ja: [
      '付与',
      'grant',
      'グラント',
      'アクセスの付与',
      'Sekishoの付与',
      '「grant」',
      'アクセス許可（grant）',
    ],
    en: ['a grant', 'grant', 'grants', 'an access grant', 'the word grant'],
    jaAnswer:
      '付与（grant）は、承認を受けた期限付きのアクセス許可です。保守の担当者も、付与がなければデータを見られません。',
    enAnswer: 'A grant is an approved access that expires. Even support staff cannot see data without one.',
    jaFact: '期限付き',
    enFact: 'approved access that expires',
  },
  {
    ja: ['台帳', 'ledger', 'レジャー', 'Sekishoの台帳', '記録の台帳', '「台帳」'],
    en: ['the ledger', 'a ledger', 'ledger', 'the Sekisho ledger', 'the record book'],
    jaAnswer:
      '台帳（ledger）は、すべての通関を順に書き足す記録です。書いたものは消せず、変更すれば検証で分かります。',
    enAnswer:
      'The ledger is an append-only record of all crossings. Nothing is erased, and any change shows up when it is verified.',
    jaFact: '書き足す記録',
    enFact: 'append-only record',
  },
  {
    ja: ['チェックポイント', 'checkpoint', '台帳のチェックポイント', 'Sekishoのチェックポイント'],
    en: ['a checkpoint', 'checkpoint', 'checkpoints', 'a ledger checkpoint'],
    jaAnswer: 'チェックポイント（checkpoint）は、ある時点の台帳全体を一つの値で表し、署名したものです。',
    enAnswer: 'A checkpoint is a signed value that stands for the whole ledger at one moment.',
    jaFact: '台帳全体',
    enFact: 'the whole ledger',
  },
  {
    ja: ['証拠', 'evidence', 'エビデンス', '証拠一式', 'Sekishoの証拠'],
    en: ['evidence', 'the evidence', 'an evidence bundle', 'evidence in Sekisho'],
    jaAnswer:
      '証拠（evidence）は、監査人が手元で検証できる資料一式です。受領証、台帳の記録、機器の証明などが入ります。',
    enAnswer:
      'Evidence is the set of files that an auditor checks offline: receipts, ledger entries and attestation reports.',
    jaFact: '監査人が手元で',
    enFact: 'an auditor checks offline',
  },
  {
    ja: ['拠点', 'site', 'サイト', 'Sekishoの拠点', 'データセンターの拠点'],
    en: ['a site', 'site', 'sites', 'a Sekisho site'],
    jaAnswer:
      '拠点（site）は、ある市区町村にあるデータセンターです。どの国の事業者が運用しているかも登録されています。',
    enAnswer: 'A site is a data centre in a municipality, run by an operator of a known country.',
    jaFact: '市区町村にあるデータセンター',
    enFact: 'data centre in a municipality',
  },
  {
    ja: ['テナント', 'tenant', 'Sekishoのテナント', '「テナント」'],
    en: ['a tenant', 'tenant', 'tenants', 'a Sekisho tenant'],
    jaAnswer: 'テナント（tenant）は、Sekishoを使う組織です。台帳も鍵も、テナントごとに分かれています。',
    enAnswer: 'A tenant is an organisation that uses Sekisho. Each tenant has its own ledger and keys.',
    jaFact: '使う組織',
    enFact: 'organisation that uses',
  },
  {
    ja: ['ワークスペース', 'workspace', 'Sekishoのワークスペース', '「ワークスペース」'],
    en: ['a workspace', 'workspace', 'workspaces', 'a Sekisho workspace'],
    jaAnswer: 'ワークスペース（workspace）は、テナントの中の仕事の単位です。方針、鍵、予算を持ちます。',
    enAnswer: "A workspace is a tenant's unit of work. It has its own policy, keys and budget.",
    jaFact: '仕事の単位',
    enFact: 'unit of work',
  },
  {
    ja: ['プリンシパル', 'principal', '主体', 'Sekishoの主体'],
    en: ['a principal', 'principal', 'principals', 'a Sekisho principal'],
    jaAnswer:
      '主体（principal）は、データを使おうとする者です。利用者、サービス、運用の担当者がこれに当たります。',
    enAnswer: 'A principal is whoever acts: a user, a service, or operator staff.',
    jaFact: '使おうとする者',
    enFact: 'whoever acts',
  },
  {
    ja: ['判定', 'decision', 'Sekishoの判定', 'アクセスの判定', '方針の判定'],
    en: ['a decision', 'decision', 'the decision', 'a policy decision'],
    jaAnswer: '判定（decision）は、方針に照らして通関を許すか断るかの結論です。断るときは理由を示します。',
    enAnswer:
      'A decision says whether a crossing is allowed, with the targets that may serve it, or denied, with reasons.',
    jaFact: '許すか断るか',
    enFact: 'whether a crossing is allowed',
  },
  {
    ja: ['エンドポイント', 'endpoint', 'Sekishoのエンドポイント', '「エンドポイント」'],
    en: ['an endpoint', 'endpoint', 'endpoints', 'a Sekisho endpoint'],
    jaAnswer:
      'エンドポイント（endpoint）は、拠点に置かれたモデルサーバー、オブジェクトストア、鍵の保管庫などです。',
    enAnswer: 'An endpoint is a model server, an object store or a key store at a site.',
    jaFact: 'モデルサーバー',
    enFact: 'a model server, an object store',
  },
  {
    ja: ['ソブリンクラウド', '主権クラウド', 'ソブリンAI', 'データ主権', 'ソブリンAIクラウド'],
    en: ['a sovereign cloud', 'sovereign AI', 'data sovereignty', 'sovereign cloud', 'a sovereign AI cloud'],
    jaAnswer:
      'ソブリンクラウドは、データと計算を自国の法律の下にある設備に置き、自分たちで管理できるクラウドです。',
    enAnswer:
      'A sovereign cloud keeps data and computing on equipment under the law of your own country and under your own control.',
    jaFact: '自国の法律',
    enFact: 'law of your own country',
  },
];
