/** What people put around a question: the model should look past it, and past typing habits. */
import type { Exchange } from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';

const BEFORE_JA = [
  '{すみません|すいません|恐れ入ります|失礼します|お忙しいところすみません}{、|。|が、}',
  '{質問です|質問があります|教えてください|ちょっと聞きたいのですが|お聞きします|お願いがあります}{。|：}',
  '{こんにちは|はじめまして|おはようございます|お疲れ様です}{。|、|！}',
  '{ねえ|あの|ええと|えっと|では|じゃあ|ところで|さて|それで|続いて|次に}{、|。}',
  '{新人です|学生です|市役所の者です|病院で働いています|日本語を勉強中です|急いでいます|初心者です|今日から使い始めました}{。|。質問です。|が、}',
];
const AFTER_JA = [
  '{お願いします|よろしくお願いします|お願いいたします|頼みます|お願い}{。|！|}',
  '{急いでいます|短くお願いします|簡単でいいです|なるべく早く|助かります|ありがとうございます}{。|}',
];
const BEFORE_EN = [
  '{Excuse me|Sorry|Pardon me|Hi|Hello|Hey|Good morning}{, |. |! }',
  '{Question|A question|My question|Quick question|One more thing|Next}{: |. }',
  '{So|Well|Now|Also|Okay|Then|By the way|Please}{, | }',
  '{I am new here|I am a student|I work for a city|I work in a hospital|I am learning Japanese|I am in a hurry|I just installed this}{. |, so }',
];
const AFTER_EN = [
  '{ Thanks| Thank you| Thanks in advance| Please| Please answer briefly| Keep it short| It is urgent}{.|!|}',
];

export function withCourtesies(random: Random, { prompt, language }: Exchange): string {
  const [before, after] = language === 'ja' ? [BEFORE_JA, AFTER_JA] : [BEFORE_EN, AFTER_EN];
  let text = prompt;
  if (random.chance(0.2)) text = phrase(random, random.pick(before)) + text;
  if (random.chance(0.1)) text += phrase(random, random.pick(after));
  if (language === 'en' && random.chance(0.12)) text = text.toLowerCase();
  return text;
}
