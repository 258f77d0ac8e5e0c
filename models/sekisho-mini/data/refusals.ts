/** Polite refusals of everything that the model was not made for, strange input included. */
import { templatesOf, type Category, type Exchange, type Language, type Split } from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';
import {
  CLOSING_EN,
  CLOSING_JA,
  SUBJECTS,
  UNKNOWN_REASON_EN,
  UNKNOWN_REASON_JA,
  type Subject,
} from './refusal-topics.ts';
import { TERMS } from './platform-terms.ts';
import { VERBS } from './verbs.ts';

const TRAIN_JA = [
  '$topic{とは|って|は|とは何}{ですか|何ですか|？|何|}',
  '$topic{について|に関して|のことを|を}{教えて|教えてください|説明して|説明してください|知りたい|詳しく教えてください|詳しく|話して}{。|}',
  '$topic{を書いて|を作って|を考えて|を用意して|を調べて|を見せて}{ください|}{。|}',
  '$topicは{どうですか|どうなりますか|どこですか|いつですか|誰ですか|なぜですか|いくらですか|どうすればいいですか|どう思いますか}{？|。|}',
  '{なぜ|どうして|どうやって|いつから}$topic{なのですか|を使うのですか|が大切ですか|が必要ですか|は起きるのですか}{？|。|}',
  '$topicで{困っています|悩んでいます|質問があります|おすすめはありますか}{。|}',
  '{おすすめの|一番良い|有名な|最近の|詳しい}$topic{を教えて|は何ですか|は|はありますか}{？|。|}',
  '{質問です。|すみません、|ねえ、|お願いします。|}$topicの{意味|使い方|やり方|歴史|例|理由|違い|読み方|値段|作り方|コツ}{は|を教えてください|は何ですか|について}{？|。|}',
  '$topicと$other{の違いは|はどちらが良い|を比べて|の関係は}{何ですか|？|ください|}',
  '$topicが{好きですか|分かりません|気になります|知りたいです|見つかりません}{。|}',
  '{東京|大阪|日本|世界|アメリカ}の$topic{は|について|を教えて}{？|。|}',
];
const HELD_OUT_JA = [
  '$topicの件で相談に乗っていただけますか。',
  'ぜひ$topicに詳しい方のご意見を伺いたいです。',
  '$topic、これって実際のところどういうことなんだろう。',
  '$topicの要点を三つにまとめてもらいたい。',
];
const TRAIN_EN = [
  '{What is|What are|Who is|Where is|When is|Explain|Describe|Define|what is} $topic{?|.|}',
  '{Tell me about|Tell me more about|Teach me|Teach me about|What do you know about|I want to know about|Talk about} $topic{.|?|}',
  '{Write|Make|Create|Generate|Give me|Compose|Draft|Produce} {me |}$topic{.|, please.| about love.| for children.|}',
  '{How does|How do I use|How do I make|How can I get|How to} $topic{ work|}{?|}',
  '{Why is|Why do people like|Why do we need} $topic{?| important?|}',
  '{Can you|Could you|Please|Would you} {explain|help me with|write|tell me about|give me information on|find} $topic{?|.|}',
  '{I have a question about|I need help with|I have a problem with|Any advice on|What do you think about} $topic{.|?|}',
  '{What is the difference between|Compare} $topic and $other{?|.|}',
  '{What is the best|What is the history of|What is the price of|What are the rules of|Give me an example of} $topic{?|}',
  '$topic{?| please| now|, explain|!|}',
  '{Do you like|Have you seen|Do you know} $topic{?|}',
];
const HELD_OUT_EN = [
  'My teacher asked me to learn $topic; where do I begin?',
  'Summon everything you remember regarding $topic.',
  'List three important points concerning $topic.',
  'Lately people debate $topic. Your opinion?',
];
/** Unseen requests of the same subjects: nothing in training is phrased or filled like them. */
const HELD_OUT_REQUESTS: readonly { language: Language; prompt: string }[] = [
  { language: 'ja', prompt: 'カラオケで盛り上がる曲を選んでほしい。' },
  { language: 'ja', prompt: '宿題の読書感想文を代わりに仕上げて。' },
  { language: 'ja', prompt: '犬と猫ではどちらが賢い？' },
  { language: 'ja', prompt: '膝が腫れて歩けません、どうしたらよい？' },
  { language: 'ja', prompt: '隣人の騒音で慰謝料を請求できますか' },
  { language: 'ja', prompt: 'バッハの代表作を三曲挙げよ' },
  { language: 'en', prompt: 'Plan a three-day itinerary around Hokkaido.' },
  { language: 'en', prompt: 'Who painted the Mona Lisa?' },
  { language: 'en', prompt: 'My knee is swollen, what now?' },
  { language: 'en', prompt: 'Refactor the following method into smaller pieces.' },
  { language: 'en', prompt: 'Which laptop offers the best value?' },
  { language: 'en', prompt: 'Rewrite Romeo and Juliet as a rap.' },
];

export const refusals: Category = {
  name: 'refusals',
  weight: 24,
  templates: {
    train: [...TRAIN_JA, ...TRAIN_EN, ...SUBJECTS.flatMap((s) => [...s.jaRequests, ...s.enRequests])],
    heldOut: [...HELD_OUT_JA, ...HELD_OUT_EN, ...HELD_OUT_REQUESTS.map((request) => request.prompt)],
  },
  hasCombinations: false,
  sample(random, split) {
    const language: Language = random.chance(0.5) ? 'ja' : 'en';
    if (split === 'new-template' && random.chance(0.3)) {
      const request = random.pick(HELD_OUT_REQUESTS);
      return refuse(request.language, request.prompt, undefined);
    }
    const draw = random.uniform();
    if (split === 'train' && draw < 0.22) return unknownText(random, language);
    if (split === 'train' && draw < 0.45) return wholeRequest(random, language);
    if (split === 'train' && draw < 0.5) return bigSum(random, language);
    if (split === 'train' && draw < 0.55) return strayStatement(random);
    if (split === 'train' && draw < 0.59) return pastedText(random, language);
    return topicQuestion(random, language, split);
  },
};

function topicQuestion(random: Random, language: Language, split: Split): Exchange {
  const subject = random.pick(SUBJECTS.filter((candidate) => candidate.jaTopics.length > 0));
  const topics = language === 'ja' ? subject.jaTopics : subject.enTopics;
  const templates =
    language === 'ja' ? { train: TRAIN_JA, heldOut: HELD_OUT_JA } : { train: TRAIN_EN, heldOut: HELD_OUT_EN };
  const prompt = phrase(random, random.pick(templatesOf(templates, split)), {
    topic: random.pick(topics),
    other: random.pick(topics),
  });
  return refuse(language, prompt, subject);
}

function wholeRequest(random: Random, language: Language): Exchange {
  const subject = random.pick(SUBJECTS);
  let prompt = random.pick(language === 'ja' ? subject.jaRequests : subject.enRequests);
  if (random.chance(0.3)) prompt = prompt.replace(/[.?。？]$/, '');
  if (random.chance(0.15)) prompt = language === 'ja' ? `すみません、${prompt}` : `Please, ${prompt}`;
  return refuse(language, prompt, subject);
}

function bigSum(random: Random, language: Language): Exchange {
  const operator = random.pick(['+', '-', '*', '×', '/']);
  const sum = `${random.between(100, 99999)} ${operator} ${random.between(21, 9999)}`;
  const template =
    language === 'ja'
      ? '$sum{は|はいくつですか|を計算してください|=|の答えは}{？|。|}'
      : '{What is |Calculate |Compute |}$sum{?|}';
  return {
    ...refuse(language, phrase(random, template, { sum }), SUBJECTS[SUBJECTS.length - 1]),
    isNoise: true,
  };
}

/** "Summarise this" with a text: the request counts, whatever the text is about. */
function pastedText(random: Random, language: Language): Exchange {
  const creation = SUBJECTS.find((subject) => subject.name === 'long texts and creation');
  const terms = random.shuffle([...TERMS]).slice(0, random.between(1, 2));
  const text = terms
    .map((term) => (language === 'ja' ? term.jaAnswer : term.enAnswer))
    .join(language === 'ja' ? '' : ' ');
  const template =
    language === 'ja'
      ? '{次の文章を|以下の文を|この文章を|}{要約してください|英語に訳してください|まとめてください|翻訳してください|添削してください|三行にまとめて}{：|。|: |\n}$text'
      : '{Summarize|Summarise|Translate|Shorten|Proofread|Rewrite|Give me the key points of} {this|the following|this text|the text below}{: |:\n|. }$text';
  return refuse(language, phrase(random, template, { text }), creation);
}

/** Words of the keigo examples, but nobody asked for keigo. */
function strayStatement(random: Random): Exchange {
  const verb = random.pick(VERBS);
  const form = random.pick([verb.plain, verb.past, verb.polite]);
  const ending = random.pick(['。', 'か。', 'のはいつですか。', 'んだけど。', 'のはなぜ？', '？']);
  return refuse('ja', `${random.pick(verb.objects)}${verb.particle}${form}${ending}`, undefined);
}

/**
 * Questions about words that exist nowhere. The vocabulary of a small corpus is closed, real
 * input is open: this is what teaches the model to refuse what it has never seen.
 */
function unknownText(random: Random, language: Language): Exchange {
  const template = random.chance(0.8)
    ? random.pick(language === 'ja' ? TRAIN_JA : TRAIN_EN)
    : '$topic{ |、}$other{ |}$topic';
  const word = (): string => (language === 'ja' ? strangeJapanese(random) : strangeEnglish(random));
  const prompt = phrase(random, template, { topic: word(), other: word() });
  return { ...refuse(language, prompt, undefined), isNoise: true };
}

function strangeJapanese(random: Random): string {
  const kanji = (): string => String.fromCodePoint(random.between(0x4e00, 0x9fa0));
  const katakana = (): string => String.fromCodePoint(random.between(0x30a2, 0x30f3));
  const hiragana = (): string => String.fromCodePoint(random.between(0x3042, 0x3093));
  const letters = random.pick([[kanji], [katakana], [kanji, hiragana], [kanji, katakana]]);
  return Array.from({ length: random.between(2, 5) }, () => random.pick(letters)()).join('');
}

const ONSETS = 'b c d f g h j k l m n p r s t v w z st tr ch pl'.split(' ');
const VOWELS = 'a e i o u ea oo ai'.split(' ');
const CODAS = ['', '', 'n', 'r', 's', 'l', 'm', 'ck', 't'];

function strangeEnglish(random: Random): string {
  const syllable = (): string => random.pick(ONSETS) + random.pick(VOWELS) + random.pick(CODAS);
  const word = (): string => Array.from({ length: random.between(1, 4) }, syllable).join('');
  const text = Array.from({ length: random.between(1, 3) }, word).join(' ');
  return random.chance(0.3) ? text[0].toUpperCase() + text.slice(1) : text;
}

function refuse(language: Language, prompt: string, subject: Subject | undefined): Exchange {
  const isJapanese = language === 'ja';
  const reason = isJapanese
    ? (subject?.jaReason ?? UNKNOWN_REASON_JA)
    : (subject?.enReason ?? UNKNOWN_REASON_EN);
  return {
    category: 'refusals',
    language,
    prompt,
    answer: isJapanese ? `${reason}${CLOSING_JA}` : `${reason} ${CLOSING_EN}`,
    facts: [isJapanese ? '小さなデモモデル' : 'small demo model'],
  };
}
