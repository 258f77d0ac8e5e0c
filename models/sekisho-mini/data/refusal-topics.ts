/** What the model must not pretend to know, by subject; each subject has its own polite refusal. */

export interface Subject {
  /** Short name, for reading. */
  name: string;
  jaTopics: readonly string[];
  enTopics: readonly string[];
  /** Whole requests of this subject that are not "about a topic". */
  jaRequests: readonly string[];
  enRequests: readonly string[];
  jaReason: string;
  enReason: string;
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'weather and news',
    jaTopics: split(
      '今日の天気,明日の天気,週末の天気,東京の気温,台風の進路,降水確率,最新のニュース,今日のニュース,株価,為替,円相場,選挙の結果,野球の結果,サッカーの試合,今の時刻,今日の日付,電車の遅れ,渋滞の情報,桜の開花,花粉の量',
    ),
    enTopics: split(
      "today's weather|tomorrow's weather|the weather in Tokyo|the forecast|the latest news|the stock market|the exchange rate|the election|the football match|the current time|today's date|the temperature outside|train delays|traffic|the price of bitcoin",
      '|',
    ),
    jaRequests: split(
      '今日は雨ですか,傘は必要ですか,今何時ですか,今日は何日ですか,今日は何曜日ですか,明日は晴れますか,何かニュースはありますか',
    ),
    enRequests: split(
      'Will it rain today?|What time is it?|What day is it today?|Is it cold outside?|Do I need an umbrella?|What is happening in the world?|Who won the game last night?',
      '|',
    ),
    jaReason: '申し訳ありませんが、天気やニュースなど最新の情報は持っていません。',
    enReason: 'Sorry, I have no live information such as weather or news.',
  },
  {
    name: 'law and tax',
    jaTopics: split(
      '著作権,契約の解除,相続税,離婚の手続き,労働基準法,個人情報保護法,憲法,刑法,消費税,確定申告,特許,裁判,訴訟,損害賠償,借地権,遺言,保証人,在留資格,年金の受給,道路交通法',
    ),
    enTopics: split(
      'copyright law|a divorce|inheritance tax|labour law|the constitution|a lawsuit|a patent|a contract dispute|income tax|immigration law|my lease|privacy law|GDPR|a will|liability',
      '|',
    ),
    jaRequests: split(
      '訴えることはできますか,これは違法ですか,契約書を確認してください,法律の相談をしたいです,税金はいくらですか,弁護士を紹介してください',
    ),
    enRequests: split(
      'Is this legal?|Can I sue my landlord?|Review my contract.|I need legal advice.|How much tax do I owe?|Can my boss fire me?',
      '|',
    ),
    jaReason: '申し訳ありませんが、法律や税の相談には答えられません。専門家にご確認ください。',
    enReason: 'Sorry, I cannot give legal or tax advice. Please ask a professional.',
  },
  {
    name: 'medicine',
    jaTopics: split(
      '頭痛,風邪,糖尿病,高血圧,薬の飲み合わせ,副作用,腰痛,インフルエンザ,アレルギー,不眠,がん,手術,妊娠,血液検査,ワクチン,発熱,虫歯,うつ病,腹痛,ダイエット',
    ),
    enTopics: split(
      'a headache|diabetes|the flu|high blood pressure|this medicine|side effects|back pain|an allergy|insomnia|cancer|surgery|pregnancy|a vaccine|a fever|depression|a diet|my blood test',
      '|',
    ),
    jaRequests: split(
      '熱があります,頭が痛いです,この薬は飲んでも大丈夫ですか,病院に行くべきですか,眠れません,診断してください,お腹が痛いのですが',
    ),
    enRequests: split(
      'I have a headache.|My stomach hurts.|What medicine should I take?|Should I see a doctor?|Diagnose me.|I cannot sleep.|Is this dose safe?',
      '|',
    ),
    jaReason: '申し訳ありませんが、医療や健康の相談には答えられません。医師や薬剤師にご相談ください。',
    enReason: 'Sorry, I cannot give medical advice. Please ask a doctor.',
  },
  {
    name: 'code',
    jaTopics: split(
      'Pythonのコード,JavaScriptの関数,SQLの書き方,プログラム,正規表現,HTMLのページ,ソートのアルゴリズム,Dockerの設定,Gitの使い方,Reactの部品,シェルスクリプト,バグの直し方,再帰関数,クラスの設計,Linuxのコマンド,Rust,Java,C言語,Kubernetes,単体テスト',
    ),
    enTopics: split(
      'Python|JavaScript|a SQL query|a regular expression|an HTML page|a sorting algorithm|Docker|Git|React|a shell script|recursion|a class in Java|Rust|C++|Kubernetes|unit tests|a linked list|quicksort|Linux commands|TypeScript',
      '|',
    ),
    jaRequests: split(
      'コードを書いてください,このコードを直してください,プログラミングを教えて,関数を作ってください,エラーを直してください,アプリを作って',
    ),
    enRequests: split(
      'Write a Python function.|Fix this code.|Write a program that sorts a list.|def main():|Debug my program.|Write a for loop in C.|SELECT * FROM users;|Implement fizzbuzz.|Write a web server.',
      '|',
    ),
    jaReason: '申し訳ありませんが、プログラムを書くことはできません。',
    enReason: 'Sorry, I cannot write or explain code.',
  },
  {
    name: 'long texts and creation',
    jaTopics: split(
      '物語,小説,詩,俳句,短歌,作文,歌詞,ブログ記事,脚本,感想文,スピーチの原稿,キャッチコピー,企画書,冗談,なぞなぞ,しりとり,面白い話,怖い話,童話,手紙の文面',
    ),
    enTopics: split(
      'a story|a poem|a haiku|an essay|a song|a blog post|a speech|a novel|a joke|a riddle|a limerick|a cover letter|an email to my boss|a business plan|a slogan|a fairy tale|a script|a report',
      '|',
    ),
    jaRequests: split(
      '物語を書いてください,詩を作ってください,俳句を詠んでください,冗談を言って,面白い話をして,この文章を要約してください,英語に翻訳してください,文章を添削してください,しりとりをしよう,歌って,企画書を作ってください',
    ),
    enRequests: split(
      'Tell me a joke.|Tell me a story.|Write a poem about the sea.|Write an essay.|Summarize this text.|Translate this into French.|Sing a song.|Write a haiku.|Proofread my essay.|Summarise the following article for me.|Make up a story about a dragon.|Translate to Japanese: I like cats.',
      '|',
    ),
    jaReason: '申し訳ありませんが、文章の創作や要約、翻訳はできません。',
    enReason: 'Sorry, I cannot write, summarise or translate texts.',
  },
  {
    name: 'world knowledge',
    jaTopics: split(
      '富士山,日本の首都,フランスの首都,織田信長,徳川家康,明治維新,相対性理論,光合成,太陽系,恐竜,ナポレオン,第二次世界大戦,アインシュタイン,量子力学,ブラックホール,江戸時代,源氏物語,夏目漱石,エベレスト,アマゾン川,元素記号,地球の年齢,月の距離,人口,国連,ピラミッド,万有引力,細胞,進化論,ビッグバン,哲学,経済学,三角関数,微分積分,円周率,オリンピック,ノーベル賞,映画,アニメ,漫画,音楽家,人工知能の歴史,深層学習,暗号資産,宇宙,歴史,地理,化学,生物,仏教,キリスト教,聖徳太子,坂本龍馬,琵琶湖,北海道,アメリカ,中国,イギリス,ドイツ,大統領,総理大臣',
    ),
    enTopics: split(
      'the capital of France|the capital of Japan|Mount Fuji|Napoleon|Einstein|quantum physics|photosynthesis|the solar system|dinosaurs|World War II|black holes|the Roman Empire|Shakespeare|gravity|evolution|the Big Bang|DNA|the president|the prime minister|the population of China|the speed of light|the Eiffel Tower|the Amazon|philosophy|economics|calculus|the Olympics|the Nobel Prize|machine learning|neural networks|blockchain|climate change|history|geography|chemistry|biology|Buddhism|the pyramids|the moon|Mars|Germany|Africa|London|Paris|New York|the ocean|volcanoes|atoms|electricity|the internet|Bach|Picasso|the meaning of life|the universe',
      '|',
    ),
    jaRequests: split(
      '日本で一番高い山は何ですか,日本の首都はどこですか,世界で一番大きい国は,水はなぜ透明なのですか,空はなぜ青いのですか,恐竜はいつ絶滅しましたか,月まで何キロですか,人生の意味は何ですか,地球は何歳ですか,日本の総理大臣は誰ですか',
    ),
    enRequests: split(
      'Why is the sky blue?|How far is the moon?|Who wrote Hamlet?|Who is the president of the United States?|What is the largest country?|When did the war end?|How old is the earth?|How many people live in Japan?|What is the tallest mountain in the world?|Who invented the telephone?',
      '|',
    ),
    jaReason: '申し訳ありませんが、一般的な知識の質問には答えられません。',
    enReason: 'Sorry, I cannot answer questions of general knowledge.',
  },
  {
    name: 'advice and daily life',
    jaTopics: split(
      'おすすめのレストラン,カレーの作り方,旅行の計画,プレゼント,転職,恋愛,勉強方法,英語の勉強,投資,貯金,引っ越し,子育て,犬の飼い方,掃除のコツ,筋トレ,趣味,おすすめの本,おすすめの映画,献立,京都の観光,面接の準備,人間関係,結婚,スマートフォン,パソコンの選び方,車の買い方,ゲーム',
    ),
    enTopics: split(
      'a good restaurant|a recipe for curry|a trip to Kyoto|a birthday present|changing jobs|my relationship|learning English|investing|saving money|moving house|raising children|my dog|cleaning|exercise|a hobby|a good book|a good movie|dinner|an interview|buying a car|a new phone|video games|making friends|cooking pasta',
      '|',
    ),
    jaRequests: split(
      'おすすめの映画を教えてください,夕食は何がいいですか,彼女と喧嘩しました,仕事を辞めたいです,お金がありません,占ってください,ホテルを予約してください,メールを送ってください,ピザを注文して,電話をかけて,音楽をかけて,寂しいです,疲れました,暇です',
    ),
    enRequests: split(
      'What should I eat tonight?|Recommend a movie.|I want to quit my job.|Book a hotel for me.|Send an email to Bob.|Play some music.|Order a pizza.|I am sad.|I am bored.|What should I do today?|Set a timer for ten minutes.|Should I buy this stock?|Give me some advice.|Call my mother.',
      '|',
    ),
    jaReason: '申し訳ありませんが、助言やおすすめ、予約などの用件には対応できません。',
    enReason: 'Sorry, I cannot give advice or do such tasks.',
  },
  {
    name: 'hard sums',
    jaTopics: [],
    enTopics: [],
    jaRequests: split(
      '円周率を百桁計算してください,方程式を解いてください,微分してください,平方根を求めてください,複利を計算してください,素数を全部教えて,連立方程式を解いて',
    ),
    enRequests: split(
      'Solve this equation.|What is the square root of 2?|Integrate x squared.|Calculate compound interest.|Find the derivative.|List all prime numbers.|Solve for x: 3x + 7 = 22',
      '|',
    ),
    jaReason: '申し訳ありませんが、二十くらいまでの小さな数しか計算できません。',
    enReason: 'Sorry, I can only do sums with small numbers, up to about twenty.',
  },
];

export const CLOSING_JA =
  '私は小さなデモモデルです。運用者が大きなモデルを接続すれば、答えられるようになります。';
export const CLOSING_EN = 'I am a small demo model; the operator can connect a larger one for this.';
export const UNKNOWN_REASON_JA = '申し訳ありませんが、そのご質問には答えられません。';
export const UNKNOWN_REASON_EN = 'Sorry, I cannot answer that.';

function split(list: string, separator = ','): string[] {
  return list.split(separator);
}
