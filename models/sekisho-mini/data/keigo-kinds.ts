/** Which kind of keigo a word is, the forms of a verb, and what the kinds mean. */
import { isHeldOutCombination, templatesOf, type Category, type Exchange, type Split } from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';
import { VERBS, type Verb } from './verbs.ts';

const CLASSIFY = {
  train: [
    '「$word」は{何語|どの種類の敬語|どんな敬語|敬語の種類でいうと何}ですか{。|？|}',
    '「$word」{の文体|の敬語の種類|の種類|は尊敬語・謙譲語・丁寧語のどれか}を{答えて|教えて}ください{。|}',
    '{次の言葉|次の文|この表現}の敬語の種類は？ $word',
    '「$word」は{尊敬語|謙譲語|丁寧語}ですか、それとも{謙譲語|丁寧語|尊敬語}ですか{。|？}',
    '「$word」{に使われている|に含まれる|にある}敬語{は何ですか|の種類は|の種類を教えてください}{？|。|}',
    '{尊敬語・謙譲語・丁寧語|敬語の三種類|敬語}のうち、「$word」は{どれ|何|どの種類}{ですか|でしょうか|？}{。|}',
    '「$word」{を分類して|がどの敬語か教えて|の敬語を判定して}{ください|}{。|}',
    '{Tell me|Do you know|I wonder} {which|what} keigo 「$word」 is{.|?|}',
    '「$word」は{尊敬語|謙譲語|丁寧語}{ですか|でしょうか|？}',
    '{分類して|敬語を分類}{ください：|：|: }$word',
    '「$word」って{敬語？|何の敬語ですか|どの敬語？}',
    'What kind of keigo is {「$word」|$word|"$word"}?',
    'Is {「$word」|$word} {respectful or humble|sonkeigo or kenjougo|polite, respectful or humble}?',
    'Classify {this|the keigo}: $word',
  ],
  heldOut: [
    '「$word」という言い方は敬語の分類ではどれに当たりますか。',
    '丁寧語・尊敬語・謙譲語に分けるなら「$word」はどれになりますか。',
    'Which type of honorific does 「$word」 belong to?',
  ],
};

const LOOK_UP = {
  train: [
    '「$verb」の$kindは{何ですか|？|なんですか|何でしょうか}{。|}',
    '「$verb」の$kindを{教えてください|教えて|答えてください|書いてください}{。|}',
    '$verbの$kind{は|って何|を教えて|は？|}',
    '{動詞|言葉|単語|}「$verb」{を$kindにして|を$kindに変えて|の$kindを挙げて|の$kindを示して}{ください|}{。|}',
    '「$verb」{には|に}どんな$kindが{ありますか|ある}{？|。|}',
    '「$verb」を$kindで{言うと|何と言いますか|どう言いますか}{。|？|}',
    '$kindで「$verb」は{何|どう言う|何と言います}{？|か。}',
    'What is the $kind of {「$verb」|$verb}?',
    '{Give me|Tell me} the $kind {of|for} {「$verb」|$verb}{.|}',
  ],
  heldOut: [
    '動詞「$verb」に対応する$kindを知りたいのですが。',
    '「$verb」に当たる$kindをご存じですか。',
    'Do you know the $kind that matches 「$verb」?',
  ],
};

const KINDS = [
  { key: 'polite', ja: '丁寧語', en: 'polite form' },
  { key: 'respectful', ja: '尊敬語', en: 'respectful form' },
  { key: 'humble', ja: '謙譲語', en: 'humble form' },
] as const;

const CONCEPTS: { templates: { train: string[]; heldOut: string[] }; answer: string; fact: string }[] = [
  {
    templates: {
      train: [
        '尊敬語{とは|って}{何ですか|何|なんですか|}{。|？|}',
        '尊敬語{について|を|の意味を}{教えて|説明して}{ください|}',
        '尊敬語は{いつ|どんな時に}使いますか',
        'What is sonkeigo?',
        '{Explain|Describe} {the respectful form|sonkeigo|respectful Japanese}{.|}',
      ],
      heldOut: ['尊敬語というのはどのような言葉遣いでしょうか。', '尊敬語の定義をお願いします。'],
    },
    answer:
      '尊敬語は、相手や第三者の動作を高めて、その人への敬意を表す言い方です。例：「言う」→「おっしゃいます」。',
    fact: '高めて',
  },
  {
    templates: {
      train: [
        '謙譲語{とは|って}{何ですか|何|なんですか|}{。|？|}',
        '謙譲語{について|を|の意味を}{教えて|説明して}{ください|}',
        '謙譲語は{いつ|どんな時に}使いますか',
        'What is kenjougo?',
        '{Explain|Describe} {the humble form|kenjougo|humble Japanese}{.|}',
      ],
      heldOut: ['謙譲語というのはどのような言葉遣いでしょうか。', '謙譲語の定義をお願いします。'],
    },
    answer:
      '謙譲語は、自分や身内の動作をへりくだって述べ、相手への敬意を表す言い方です。例：「言う」→「申します」。',
    fact: 'へりくだって',
  },
  {
    templates: {
      train: [
        '丁寧語{とは|って}{何ですか|何|なんですか|}{。|？|}',
        '丁寧語{について|を|の意味を}{教えて|説明して}{ください|}',
        '丁寧語は{いつ|どんな時に}使いますか',
        'What is teineigo?',
        '{Explain|Describe} {the polite form|teineigo|polite Japanese}{.|}',
      ],
      heldOut: ['丁寧語というのはどのような言葉遣いでしょうか。', '丁寧語の定義をお願いします。'],
    },
    answer: '丁寧語は、「です」「ます」を使って、聞き手に丁寧に述べる言い方です。例：「言う」→「言います」。',
    fact: '聞き手に',
  },
  {
    templates: {
      train: [
        '敬語{とは|って}{何ですか|何|}{。|？|}',
        '敬語の種類{は|を教えてください|には何がありますか|はいくつ}{？|}',
        '敬語{について|を}{教えて|説明して}{ください|}',
        '{尊敬語と謙譲語|丁寧語と尊敬語|謙譲語と丁寧語}の違い{は|は何ですか|を教えてください}',
        'What is keigo?',
        '{Explain|Tell me about} keigo{.|}',
        'What kinds of keigo are there?',
      ],
      heldOut: ['敬語にはどのような区分がありますか。', '敬語の分け方を知りたいです。'],
    },
    answer:
      '敬語は相手への敬意を表す言葉遣いです。主に三つあります。丁寧語は「です・ます」で丁寧に述べ、尊敬語は相手の動作を高め、謙譲語は自分の動作をへりくだって述べます。',
    fact: '三つ',
  },
];

/** Everyday words and their business equivalents: [plain, formal]. */
const SET_PHRASES: readonly [string, string][] = [
  ['了解しました', '承知いたしました'],
  ['わかりました', 'かしこまりました'],
  ['すみません', '申し訳ございません'],
  ['ごめんなさい', '申し訳ございません'],
  ['ちょっと待って', '少々お待ちください'],
  ['誰ですか', 'どちら様でしょうか'],
  ['どうですか', 'いかがでしょうか'],
  ['いいですか', 'よろしいでしょうか'],
  ['できません', 'いたしかねます'],
  ['わかりません', 'わかりかねます'],
  ['知りません', '存じません'],
  ['ご苦労様', 'お疲れ様です'],
  ['どうしますか', 'いかがなさいますか'],
  ['いません', '席を外しております'],
  ['来てください', 'お越しください'],
  ['見てください', 'ご覧ください'],
  ['言ってください', 'おっしゃってください'],
  ['食べてください', '召し上がってください'],
  ['座ってください', 'おかけください'],
  ['教えてください', 'ご教示ください'],
  ['確認してください', 'ご確認ください'],
  ['返事をください', 'お返事をいただけますでしょうか'],
  ['手伝ってください', 'お力添えをお願いいたします'],
  ['ありがとう', '誠にありがとうございます'],
  ['久しぶり', 'ご無沙汰しております'],
  ['また今度', 'またの機会にお願いいたします'],
  ['なるほど', 'おっしゃる通りです'],
  ['参考になりました', '大変勉強になりました'],
  ['今行きます', 'ただいま参ります'],
  ['あっちです', 'あちらでございます'],
];
const SET_PHRASE = {
  train: [
    '「$word」を{目上の人に|上司に|お客様に|取引先に|ビジネスで|}{丁寧に言うと|言い換えると|どう言えばいい}{？|。|ですか}',
    '「$word」の{ビジネス敬語|丁寧な言い換え|改まった言い方}{は|を教えてください|は何ですか}{？|}',
    '「$word」を{ビジネス敬語|改まった言い方|丁寧な言い方}に{してください|直してください|言い換えて}{。|}',
    '{メール|仕事|電話}で「$word」は{何と言えばよいですか|どう言いますか|失礼ですか}',
    '「$word」{は失礼|は使ってもいい|で大丈夫|は正しい|は丁寧}ですか{？|。|}',
    '「$word」の{代わりに|かわりに}{何と言えば|どう言えば|何を使えば}{いいですか|よいですか}{？|。|}',
    '{社長|お客様|先生|上司|取引先}に「$word」と{言いたい|伝えたい|書きたい}{のですが|です|とき}{。|、どう言えばいいですか|}',
    '「$word」{をもっと丁寧に|をより丁寧に|の丁寧な表現|の敬語}{言って|してください|は|を教えて}{。|？|}',
    '{What is a|Give me a|I need a} {polite|formal} {phrase|word|version} for 「$word」{?|.|}',
    '{ビジネス敬語に：|改まった言い方で：}$word',
    'How do I say 「$word」 {politely|in business Japanese|to my boss|to a customer}?',
  ],
  heldOut: [
    '職場で「$word」を失礼のないように伝えるには？',
    '「$word」よりも改まった表現はありますか。',
    'What would be the business equivalent of 「$word」?',
  ],
};

export const keigoKinds: Category = {
  name: 'keigo-kinds',
  weight: 14,
  templates: {
    train: [CLASSIFY, LOOK_UP, SET_PHRASE, ...CONCEPTS.map((concept) => concept.templates)].flatMap(
      (t) => t.train,
    ),
    heldOut: [CLASSIFY, LOOK_UP, SET_PHRASE, ...CONCEPTS.map((concept) => concept.templates)].flatMap(
      (t) => t.heldOut,
    ),
  },
  hasCombinations: true,
  sample(random, split) {
    const draw = random.uniform();
    if (draw < 0.45) return classify(random, split);
    // Only classification has combinations to hold out.
    if (split === 'new-combination') return classify(random, split);
    if (draw < 0.7) return lookUp(random, split);
    if (draw < 0.88) return setPhrase(random, split);
    const concept = random.pick(CONCEPTS);
    const prompt = phrase(random, random.pick(templatesOf(concept.templates, split)));
    return exchange(prompt, concept.answer, [concept.fact]);
  },
};

function classify(random: Random, split: Split): Exchange {
  for (;;) {
    const verb = random.pick(VERBS);
    const kind = random.pick(KINDS);
    const form = verb[kind.key];
    if (form === undefined || isAmbiguous(form)) continue;
    const object = random.pick(verb.objects);
    if (isHeldOutCombination(verb.plain, object) !== (split === 'new-combination')) continue;
    const withObject = split === 'new-combination' || random.chance(0.4);
    const word = withObject ? `${object}${verb.particle}${form}` : form;
    const prompt = phrase(random, random.pick(templatesOf(CLASSIFY, split)), { word });
    return exchange(prompt, `「${form}」は「${verb.plain}」の${kind.ja}です。`, [`の${kind.ja}です`]);
  }
}

/** Several verbs share a form (参ります, いらっしゃいます, いただきます): then the source is not one verb. */
function isAmbiguous(form: string): boolean {
  return (
    VERBS.flatMap((verb: Verb) => [verb.polite, verb.respectful, verb.humble]).filter((x) => x === form)
      .length > 1
  );
}

function lookUp(random: Random, split: Split): Exchange {
  const kind = random.pick(KINDS);
  const verb = random.pick(VERBS.filter((candidate) => candidate[kind.key] !== undefined));
  const template = random.pick(templatesOf(LOOK_UP, split));
  const isEnglish = !/[ぁ-ん]/.test(template);
  const prompt = phrase(random, template, { verb: verb.plain, kind: isEnglish ? kind.en : kind.ja });
  return exchange(prompt, `「${verb.plain}」の${kind.ja}は「${verb[kind.key]}」です。`, [
    `「${verb[kind.key]}」`,
  ]);
}

function setPhrase(random: Random, split: Split): Exchange {
  const [word, formal] = random.pick(SET_PHRASES);
  const prompt = phrase(random, random.pick(templatesOf(SET_PHRASE, split)), { word });
  return exchange(prompt, `「${word}」は、改まった場面では「${formal}」と言います。`, [`「${formal}」`]);
}

function exchange(prompt: string, answer: string, facts: string[]): Exchange {
  return { category: 'keigo-kinds', language: 'ja', prompt, answer, facts };
}
