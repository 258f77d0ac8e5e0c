/** "What is X", "explain X in detail", and questions about how the platform behaves. */
import { templatesOf, type Category, type Exchange, type Language, type Split } from './category.ts';
import { phrase } from './phrasing.ts';
import { PLATFORM_QUESTIONS } from './platform-questions.ts';
import { TERMS, type Term } from './platform-terms.ts';
import type { Random } from './random.ts';

const SHORT = {
  ja: {
    train: [
      '$term{とは|って|とは何|って何}{ですか|でしょうか|？|}',
      '$termとは{何ですか|なんですか|どういう意味ですか|どんなものですか|何のことですか|何を指しますか}{。|？|}',
      '$term{について|のことを|を|の意味を}{教えて|教えてください|説明して|説明してください|簡単に教えてください|一言で説明して}{。|}',
      '$term{は何|は何ですか|の意味は|って何のこと|は何をするもの}{？|。|}',
      '{簡単に|一言で|短く|わかりやすく|初心者向けに}$term{を説明してください|を説明して|とは|について教えて}{。|}',
      '{Sekishoの|ここでの|Sekishoでいう}$term{とは|って何ですか|の意味を教えてください|は何ですか}{。|？|}',
      '$term{は何のため|の目的は何|の意義は何|は何の役に立つの|はなぜ必要なの}{ですか|でしょうか|？}',
      '$term{が何か|がどういうものか|の意味|とは何か|のこと}{を知りたい|を教えてください|がわかりません|を説明できますか|を調べています}{。|？|}',
      '{資料に|画面に|説明に|}$term{とありますが、|と書いてありますが、|が出てきましたが、}{何ですか|どういう意味ですか|意味を教えてください}{。|？|}',
      '{つまり|結局|要するに|そもそも}$term{とは|って}{何ですか|何|なんでしょう|どういうこと}{？|。|}',
      '$term{、何それ|ってなに|は、どんなもの|の説明|、教えて|の概要|？}{？|。|}',
      '{質問です。|すみません、|ねえ、|初めて使います。}$term{とは何ですか|って何|が分かりません|がよくわからない}{。|？|}',
    ],
    heldOut: [
      '$termというのはどういうものなのでしょう。',
      '$termの定義を聞かせてもらえますか。',
      '$termという言葉を初めて聞きました。何のことでしょうか。',
      '$termの役割を知りたいです。',
    ],
  },
  en: {
    train: [
      "{What is|What's|what is|Define|Explain|Describe} $term{?|.|}",
      '{What does|what does} $term mean{?|}',
      '{Tell me about|Please explain|Can you explain|Could you explain|Explain briefly:|I do not understand} $term{.|?|}',
      '{In Sekisho, what is|What do you mean by|What is meant by|Quick question: what is|In one sentence, what is} $term{?|}',
      '$term{?|: what is it?|, what is that?| meaning| definition}',
      '{What exactly is|What on earth is|So what is|And what is|But what is} $term{?|, actually?|}',
      '{I want to understand|I would like to understand|I am confused about|I have never heard of|I read about|Please define|Let me know about} $term{.|. What is it?|}',
      '{Why do I need|Why is there|What is the use of|What is the point of|How does one use|How do you use} $term{?|}',
      '{The document mentions|The screen shows|My boss talks about} $term{. What is that?|. What does it mean?|, please explain.}',
      '{Tell me|Say|Show me} what $term {is|means|does}{.|, please.|}',
      '{Do you know|Can you tell me|Could you say} what $term {is|means|does}{?|}',
      '{Give me|I need|Write} {a short definition|a definition|an explanation|a short explanation} of $term{.|}',
    ],
    heldOut: [
      'I keep hearing about $term. Could you clarify it for me?',
      'How would you put $term in plain words?',
      'New here! Help me understand $term.',
      'For what purpose does one have $term?',
    ],
  },
};

const DETAILED = {
  ja: {
    train: [
      '$termについて{詳しく|くわしく|長く|しっかり|丁寧に}{説明してください|教えてください|教えて|説明して}{。|}',
      '{詳しく|くわしく|できるだけ詳しく}$term{を説明してください|について教えて|について説明してください}{。|}',
      '$termの{詳細|詳しい説明|全体像|仕組み}{を教えてください|をお願いします|を説明して}{。|}',
      '$term{を|について}{長文で|何行かで|例を挙げて|最初から最後まで|段階を追って|細部まで}{説明してください|説明して|教えてください}{。|}',
      '$termについて{長い|詳しい|長めの}{文章|説明}を{書いて|ください|書いてください}{。|}',
    ],
    heldOut: ['$termに関して、細かいところまで解説をお願いします。', '$termを掘り下げて述べてください。'],
  },
  en: {
    train: [
      '{Explain|Describe} $term in {detail|depth|full}{.|}',
      '{Tell me more about|Tell me everything about|Give me a detailed explanation of|Write a long explanation of|Give me a full account of|Write a long text about} $term{.|}',
      '{Please explain|Can you explain|Could you describe} $term {in detail|in depth|at length|thoroughly}{?|.|}',
      '{In detail|At length|Step by step|With details}: {what is|explain|describe} $term{?|.|}',
      'A {long|detailed} {explanation|description} of $term{, please|}{.|}',
    ],
    heldOut: ['Walk me through $term with all the particulars.', 'Elaborate on $term as fully as you can.'],
  },
};

export const platform: Category = {
  name: 'platform',
  weight: 22,
  templates: {
    train: allTemplates('train'),
    heldOut: allTemplates('heldOut'),
  },
  hasCombinations: false,
  sample(random, split) {
    const draw = random.uniform();
    const language: Language = random.chance(0.5) ? 'ja' : 'en';
    if (draw < 0.5) return shortAnswer(random, language, split);
    if (draw < 0.65) return detailedAnswer(random, language, split);
    const question = random.pick(PLATFORM_QUESTIONS);
    const prompt = phrase(random, random.pick(templatesOf(question, split)));
    return exchange(question.language, prompt, question.answer, question.fact);
  },
};

function allTemplates(part: 'train' | 'heldOut'): string[] {
  return [
    ...[SHORT, DETAILED].flatMap((group) => [...group.ja[part], ...group.en[part]]),
    ...PLATFORM_QUESTIONS.flatMap((question) => question[part]),
  ];
}

function shortAnswer(random: Random, language: Language, split: Split): Exchange {
  const term = random.pick(TERMS);
  const prompt = ask(random, SHORT[language], term, language, split);
  const isJapanese = language === 'ja';
  const more = isJapanese ? term.jaDetail : term.enDetail;
  const followUps = [otherLanguage(random, term, language)];
  if (more !== undefined) {
    const template = isJapanese
      ? '{もっと|もう少し|}{詳しく|くわしく}{教えて|説明して|お願いします|}{ください|}{。|}'
      : '{Tell me more|More detail|Explain in more detail|Go on|Can you say more|In more detail}{, please|}{.|?|}';
    followUps.push({ prompt: phrase(random, template), answer: more });
  }
  const answer = isJapanese ? term.jaAnswer : term.enAnswer;
  return { ...exchange(language, prompt, answer, isJapanese ? term.jaFact : term.enFact), followUps };
}

function detailedAnswer(random: Random, language: Language, split: Split): Exchange {
  const term = random.pick(TERMS.filter((candidate) => candidate.jaDetail !== undefined));
  const prompt = ask(random, DETAILED[language], term, language, split);
  const isJapanese = language === 'ja';
  const answer = (isJapanese ? term.jaDetail : term.enDetail) ?? '';
  return exchange(language, prompt, answer, isJapanese ? term.jaFact : term.enFact);
}

function ask(
  random: Random,
  group: { train: readonly string[]; heldOut: readonly string[] },
  term: Term,
  language: Language,
  split: Split,
): string {
  return phrase(random, random.pick(templatesOf(group, split)), { term: random.pick(term[language]) });
}

function otherLanguage(random: Random, term: Term, language: Language): { prompt: string; answer: string } {
  if (language === 'ja') {
    const prompt = phrase(
      random,
      '{英語で|English|英語に|In English}{お願いします|please|教えてください|言うと|説明して|}{。|}',
    );
    return { prompt, answer: term.enAnswer };
  }
  const prompt = phrase(
    random,
    '{In Japanese|Now in Japanese|Japanese|日本語で|日本語でお願いします}{, please|}{.|}',
  );
  return { prompt, answer: term.jaAnswer };
}

function exchange(language: Language, prompt: string, answer: string, fact: string): Exchange {
  return { category: 'platform', language, prompt, answer, facts: [fact] };
}
