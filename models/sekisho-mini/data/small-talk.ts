/** Greetings, thanks, who the model is and what it can do, and what people try first. */
import { templatesOf, type Category, type Exchange, type Language, type Split } from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';
import { TALKS } from './talks.ts';

/** Words to say back; copying arbitrary text is a skill of its own. */
const SAY_BACK = {
  ja: {
    train: [
      '「$word」と{言って|言ってください|返して|返してください|答えて|書いて|書いてください}{。|}',
      '{次の言葉を|}{繰り返して|繰り返してください|復唱して}{：|: |、}「$word」',
      '$word と{だけ|}{言って|答えて}{ください|}{。|}',
    ],
    heldOut: ['私の言葉をそのまま真似してください。「$word」', '復唱をお願いします、「$word」'],
  },
  en: {
    train: [
      '{Say|say|Please say|Repeat|Just say|Write|Reply with|Answer with} {\'$word\'|"$word"|$word}{.|}',
      '{Repeat after me|Say this|Echo}: $word',
      'Say {the word |}{"$word"|\'$word\'}{ and nothing else|, please|}{.|}',
      '{Respond|Reply} {with only|only with|with} "$word"{.|}',
    ],
    heldOut: ['Echo back precisely: "$word"', "Would you kindly utter '$word'?"],
  },
};
const ENGLISH_WORDS =
  'test OK ok yes no banana apple pong ready cloud hello world tea train gate paper ledger river mountain green blue sakura hi bonjour Tokyo Osaka Kyoto robot start stop done seven window garden music coffee morning receipt boundary hello world good luck I am here it works stream check alpha beta gamma delta red white black cat dog bird fish sun moon star one two three four five'.split(
    ' ',
  );
const JAPANESE_WORDS =
  'テスト はい いいえ りんご さくら 関所 了解 おはよう 東京 大阪 成功 海 山 川 空 電車 お茶 手形 境界 台帳 始め 終わり ありがとう 猫 犬 鳥 魚 花 月 星 赤 青 白 黒 雪 雨 風 春 夏 秋 冬 音楽 時計 本 紙 窓 門 道 町 村'.split(
    ' ',
  );

/** Counting: [from, to]. */
const COUNT = {
  ja: {
    train: [
      '$fromから$toまで{数えて|数えてください|言って|順に書いて|書いてください}{。|}',
      '$toまで{数えて|数えてください|カウントして}{。|}',
    ],
    heldOut: ['数を$fromから順番に$toになるまで挙げてください。'],
  },
  en: {
    train: [
      '{Count|count|Please count|Can you count|Count up} {from $from to $to|to $to}{.|?|}',
      '{List|Write|Print|Say|Give me} {the |}numbers {from $from to $to|$from to $to}{.|}',
    ],
    heldOut: ['Recite all integers between $from and $to in order.'],
  },
};

const ALL = [...TALKS, SAY_BACK.ja, SAY_BACK.en, COUNT.ja, COUNT.en];

export const smallTalk: Category = {
  name: 'small-talk',
  weight: 14,
  templates: { train: ALL.flatMap((talk) => talk.train), heldOut: ALL.flatMap((talk) => talk.heldOut) },
  hasCombinations: false,
  sample(random, split) {
    const draw = random.uniform();
    if (draw < 0.2) return sayBack(random, split);
    if (draw < 0.3) return countUp(random, split);
    const talk = random.pick(TALKS);
    const prompt = phrase(random, random.pick(templatesOf(talk, split)));
    return exchange(talk.language, prompt, talk.answer, talk.fact);
  },
};

function sayBack(random: Random, split: Split): Exchange {
  const language: Language = random.chance(0.5) ? 'ja' : 'en';
  const words = language === 'ja' ? JAPANESE_WORDS : ENGLISH_WORDS;
  let word = random.pick(words);
  if (random.chance(0.35)) word += (language === 'ja' ? '' : ' ') + random.pick(words);
  const prompt = phrase(random, random.pick(templatesOf(SAY_BACK[language], split)), { word });
  return exchange(language, prompt, word, word);
}

function countUp(random: Random, split: Split): Exchange {
  const language: Language = random.chance(0.5) ? 'ja' : 'en';
  const template = random.pick(templatesOf(COUNT[language], split));
  const from =
    template.includes('$from') && !template.includes('to $to}') && random.chance(0.3)
      ? random.between(2, 5)
      : 1;
  const to = from + random.between(2, 9);
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const answer = numbers.join(', ');
  const prompt = phrase(random, template, { from: String(from), to: String(to) });
  return exchange(language, prompt, answer, answer);
}

function exchange(language: Language, prompt: string, answer: string, fact: string): Exchange {
  return { category: 'small-talk', language, prompt, answer, facts: [fact] };
}
