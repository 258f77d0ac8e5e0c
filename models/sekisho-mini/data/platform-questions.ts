/** Questions that are not "what is X", each with its own phrasings. */
export interface PlatformQuestion {
  language: 'ja' | 'en';
  train: readonly string[];
  heldOut: readonly string[];
  answer: string;
  fact: string;
}

export const PLATFORM_QUESTIONS: readonly PlatformQuestion[] = [
  {
    language: 'ja',
    train: [
      '{もっと|より|}大きな{モデル|LLM|言語モデル}を{使いたい|つなぎたい|接続したい|追加したい}{です|のですが|}{。|}',
      '{他の|別の|大きい|賢い}モデルを{接続|追加|利用}する{方法|には}{は|を教えてください|どうすればいいですか|}',
      'モデルを{変更|追加|交換}{したい|できますか|する方法は}{？|。|}',
      '{vLLM|llama.cpp|外部のモデル}を{つなげますか|接続できますか|使えますか}{？|。|}',
    ],
    heldOut: [
      '高性能なモデルへの切り替え手順を知りたいです。',
      'このモデルの代わりに強力なモデルを動かすには？',
    ],
    answer:
      '運用者がモデルサーバーをエンドポイントとして登録すると、大きなモデルを使えます。vLLM、llama.cpp、OpenAI互換のサーバーに対応しています。',
    fact: 'エンドポイントとして登録',
  },
  {
    language: 'en',
    train: [
      '{How do I|How can I|Can I} {connect|use|add|attach} a {larger|bigger|better|different|real} model{?|}',
      'I want {to use |}a {bigger|better|larger|smarter} model{.|}',
      '{How do I|How to} {change|switch|replace} the model{?|}',
      'Does it {support|work with} {vLLM|llama.cpp|other models}?',
    ],
    heldOut: [
      'What are the steps for plugging in something more capable?',
      'Which model servers may I register?',
    ],
    answer:
      'The operator can register a model server as an endpoint: vLLM, llama.cpp, or any OpenAI-compatible server.',
    fact: 'register a model server',
  },
  {
    language: 'ja',
    train: [
      '{データ|私のデータ|入力した文章|入力}は{どこで|どこに}{処理|保存}され{ますか|るの|る}{？|。|}',
      '{データ|情報}は{海外|国外|外国}に{出ますか|送られますか|行きますか}{？|。|}',
      '{データ|入力}の{処理場所|保存先|置き場所}は{どこですか|？|を教えて}',
    ],
    heldOut: [
      '私が送った内容が日本の外へ渡ることはありますか。',
      '会話の内容はどの場所で扱われるのでしょう。',
    ],
    answer:
      'データは、お客様の境界の内側にある拠点だけで処理されます。実際の場所は、答えに付く受領証で確かめられます。',
    fact: '境界の内側にある拠点',
  },
  {
    language: 'en',
    train: [
      'Where is my data {processed|stored|kept}?',
      '{Does|Will|Can} my data leave {the country|Japan|the boundary}?',
      '{Is|Are} my {data|prompts|messages} sent {abroad|overseas|to another country}?',
      'Where {do|does} my {data|prompts} go?',
    ],
    heldOut: ['In which location do you handle what I type?', 'Could anything I send end up overseas?'],
    answer:
      'Your data is processed only at sites inside your boundary. The receipt that comes with the answer shows the actual place.',
    fact: 'only at sites inside your boundary',
  },
  {
    language: 'ja',
    train: [
      '{どの|どんな|対応している}{SDK|API|クライアント}{が使えますか|に対応していますか|は|を使えますか}{？|。|}',
      'OpenAIの{SDK|API|クライアント}は{使えますか|使える|動きますか}{？|。|}',
      'Azureの{SDK|クライアント}は{使えますか|動きますか}{？|。|}',
      '{今の|既存の}{プログラム|アプリ|コード}は{使えますか|変更が必要ですか|そのまま動きますか}{？|。|}',
    ],
    heldOut: [
      '手元の開発ライブラリはそのまま利用できるのでしょうか。',
      '互換性のあるライブラリを教えてほしい。',
    ],
    answer: 'OpenAI、Azure OpenAI、Azure Blob、Azure Key VaultのSDKを、接続先を変えるだけで使えます。',
    fact: 'Azure Blob',
  },
  {
    language: 'en',
    train: [
      '{Which|What} {SDKs|APIs|clients} {can I use|are supported|do you support|work}?',
      '{Can I|Do I} {use|keep} {my|the} {OpenAI|Azure} {SDK|client|code}?',
      '{Is it|Are you} compatible with {OpenAI|Azure}{ OpenAI|}?',
      'Do I need to change my {code|app|program}?',
    ],
    heldOut: [
      'Which existing libraries keep functioning here?',
      'Will software written for another provider still run?',
    ],
    answer:
      'You can use the SDKs of OpenAI, Azure OpenAI, Azure Blob and Azure Key Vault. Only the address changes.',
    fact: 'Azure Blob',
  },
  {
    language: 'ja',
    train: [
      'なぜ{関所|Sekisho}{という|って}名前{ですか|なのですか|なの}{？|。|}',
      '{名前|Sekisho}の{由来|意味}{は|を教えてください|は何ですか}{？|。|}',
      'Sekishoの名前の{由来|意味}{は|を教えて}',
      '{どうして|なんで}Sekishoというのですか{？|。|}',
    ],
    heldOut: ['Sekishoと名付けられた理由を聞かせてください。', '名称の語源は何でしょう。'],
    answer:
      '関所は、昔の街道で旅人が手形を見せて通った検問所です。データも同じように、確認を受けてから境界を通ります。',
    fact: '検問所',
  },
  {
    language: 'en',
    train: [
      'Why is it {called|named} {Sekisho|sekisho}?',
      'Where does the name {Sekisho |}come from?',
      '{What does|Explain} the {name|word} {Sekisho|sekisho}{ mean|}{?|}',
      'What does sekisho mean?',
      '{Origin|Meaning} of the name{ Sekisho|}',
    ],
    heldOut: ['What is the story behind the title Sekisho?', 'Who were you named after?'],
    answer:
      'A sekisho was the checkpoint on a highway of old Japan that every traveller passed with papers in order. Data passes the same way here.',
    fact: 'checkpoint on a highway',
  },
  {
    language: 'ja',
    train: [
      '{境界の外|境界の外側}{では|で処理すると|に出ると}どうなりますか{？|。|}',
      '{使える場所|行き先|許された場所}が{ない|なくなった|見つからない}{時|場合}は{どうなりますか|？}',
      '{なぜ|どうして}{拒否|503|エラー}{された|になった}のですか{？|。|}',
      '{障害|故障}の{時|とき}は{海外|外}で処理しますか{？|。|}',
    ],
    heldOut: ['境界内で動かせる設備が止まったら要求はどうなるのですか。'],
    answer:
      '境界の内側に処理できる場所がなければ、外へは出さずに断ります。APIでは503を返し、理由を示します。',
    fact: '外へは出さずに断ります',
  },
  {
    language: 'en',
    train: [
      'What happens {outside the boundary|when no place is left|if no target is available|if everything is down}?',
      'Why {was I denied|did I get a 503|was my request refused|is it denied}?',
      '{Do you|Does it} fall back to {another country|the outside|a foreign cloud}?',
    ],
    heldOut: ['Suppose all allowed locations fail: what will the system do?'],
    answer:
      'If no place inside the boundary can serve a request, it is refused with 503 and a reason. There is never a detour.',
    fact: 'never a detour',
  },
  {
    language: 'ja',
    train: [
      '{ライセンス|Sekishoのライセンス|利用許諾}{は|は何ですか|を教えて}{？|。|}',
      '{無料|タダ}で{使えますか|すか|使える}{？|。|}',
      'オープンソース{ですか|なの}{？|。|}',
    ],
    heldOut: ['どんな条件で自由に使えるのでしょうか、許諾の種類を教えて。'],
    answer: 'SekishoはApache-2.0ライセンスのオープンソースです。このデモモデルも同じライセンスです。',
    fact: 'Apache-2.0',
  },
  {
    language: 'en',
    train: [
      '{What is the|Which|What} {license|licence}{ is it| is Sekisho under|}?',
      'Is {it|Sekisho|this} {free|open source|open-source}?',
      '{Can I|May I} use {it|Sekisho} for free?',
    ],
    heldOut: ['Under what legal terms is the software distributed?'],
    answer: 'Sekisho is open source under Apache-2.0. This demo model has the same licence.',
    fact: 'Apache-2.0',
  },
  {
    language: 'ja',
    train: [
      '{管理画面|コンソール}は{どこですか|どこ|どう開きますか}{？|。|}',
      '{コンソール|管理画面}の{URL|アドレス|場所}{は|を教えて}{？|。|}',
      '{ポート|ポート番号}は{何番ですか|何番|いくつ}{？|。|}',
    ],
    heldOut: ['ブラウザで操作するにはどの住所を開けばよいですか。'],
    answer:
      '管理画面は、初期設定では http://127.0.0.1:7300 で開けます。OpenAI互換のAPIは同じ場所の /v1 です。',
    fact: '127.0.0.1:7300',
  },
  {
    language: 'en',
    train: [
      'Where is the {console|admin page|web console|dashboard}?',
      '{What|Which} port {does it use|do you listen on|is it}?',
      '{What is the|Give me the} {URL|address} of the {console|API}{?|.|}',
      'How do I open the {console|dashboard}?',
    ],
    heldOut: ['Which address should I type in the browser to manage it?'],
    answer:
      'By default the console is at http://127.0.0.1:7300 and the OpenAI-compatible API is under /v1 at the same address.',
    fact: '127.0.0.1:7300',
  },
  {
    language: 'ja',
    train: [
      '{通関|crossing}の{手順|流れ|段階}{は|を教えてください|を説明して}{？|。|}',
      '要求は{どう|どのように}処理されますか{？|。|}',
      '{六つの段階|処理の流れ}{とは|は|を教えて}{？|。|}',
    ],
    heldOut: ['リクエストが届いてから答えが返るまでに何が起きますか。'],
    answer:
      '六つの段階を通ります。本人確認、判定、意図の記録、実行、計量、結果の記録です。記録がなければ、データには触れません。',
    fact: '本人確認、判定',
  },
  {
    language: 'en',
    train: [
      'What are the steps of a crossing?',
      '{How|In which steps} {is a request|are requests} {processed|handled}?',
      '{What are|List|Name} the six steps{?|.|}',
      'What is the road of a crossing?',
    ],
    heldOut: ['Between asking and being answered, what stages does my call go through?'],
    answer:
      'Six steps: identify, decide, record intent, carry, meter, record outcome. No record means no access.',
    fact: 'identify, decide',
  },
  {
    language: 'ja',
    train: [
      '{監査人|監査}は{どう|どのように}{検証|確認}しますか{？|。|}',
      '{運用者|事業者}を{信用|信頼}しなくても{よい|いい|大丈夫}ですか{？|。|}',
      '記録は{改ざん|書き換え}{できますか|されませんか|できる}{？|。|}',
    ],
    heldOut: ['第三者が正しさを独自に調べることは可能ですか。'],
    answer:
      '監査人は、受領証と台帳を手元で検証できます。証人が連署するので、運用者を信用しなくても改ざんを見破れます。',
    fact: '手元で検証',
  },
  {
    language: 'en',
    train: [
      'How {do|can} auditors {check|verify} {it|this|the ledger}?',
      '{Do I|Must I} {trust|have to trust} the operator?',
      'Can {records|the ledger|entries} be {changed|tampered with|rewritten|faked}?',
    ],
    heldOut: ['Is independent verification by a third party possible?'],
    answer:
      'Auditors verify receipts and the ledger offline. Witnesses cosign it, so you need not trust the operator.',
    fact: 'verify receipts and the ledger offline',
  },
  {
    language: 'ja',
    train: [
      '{誰|だれ|どんな人|どんな組織}が{使いますか|使うのですか|利用しますか|使えますか}{？|。|}',
      '{誰のため|どこ向け}の{もの|サービス|クラウド}ですか{？|。|}',
      '{自治体|病院|銀行|省庁}でも使えますか{？|。|}',
    ],
    heldOut: ['想定している利用者はどういった団体でしょう。'],
    answer: '省庁、自治体、病院、銀行などが使います。地域のクラウド事業者が運用し、監査人が検証します。',
    fact: '省庁、自治体',
  },
  {
    language: 'en',
    train: [
      'Who {uses|is using|should use} {it|Sekisho|this}?',
      'Who is {it|Sekisho|this} for?',
      'Can {hospitals|banks|cities|governments} use {it|Sekisho}?',
    ],
    heldOut: ['What sort of organisations do you have in mind?'],
    answer:
      'Ministries, municipalities, hospitals and banks use it. A local cloud operator runs it, and auditors check it.',
    fact: 'Ministries, municipalities',
  },
];
