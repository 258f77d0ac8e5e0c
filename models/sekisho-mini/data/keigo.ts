/** Conversion of a plain Japanese sentence to 丁寧語, 尊敬語 or 謙譲語. */
import { isHeldOutCombination, templatesOf, type Category, type Exchange, type Split } from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';
import { VERBS, type Verb } from './verbs.ts';

type Form = 'polite' | 'respectful' | 'humble';

const NAMES: Record<Form, { ja: string; en: string }> = {
  polite: {
    ja: '{丁寧語|丁寧語|丁寧な言い方|敬体|ですます調|敬語|丁寧な文}',
    en: '{polite form|polite Japanese|teineigo|keigo}',
  },
  respectful: { ja: '尊敬語', en: '{respectful form|honorific form|sonkeigo}' },
  humble: { ja: '謙譲語', en: '{humble form|kenjougo|humble Japanese}' },
};

const TRAIN = [
  '「$sentence」を$nameに{してください|直してください|変えてください|変換してください|して|直して}{。|}',
  '{次の文を|以下の文を|この文を|次を}$nameに{直してください|変換してください|してください|書き換えてください}{：|。|: }$sentence',
  '$nameに{変換|してください|直して}{：|: |、}{$sentence|「$sentence」}',
  '「$sentence」を$nameで{言ってください|書いてください|言うと|表すと|言い換えてください}{。|？|}',
  '「$sentence」{の|を}$name{|にすると|にしたら}{は|どうなりますか|何ですか|？}',
  '$sentence{　| |。|→}$nameに{してください|お願いします|直して}',
  '{次の|この}文の$nameを{教えてください|答えてください|書いてください}{。|：}$sentence',
  '{すみません、|あの、|}「$sentence」って$nameで{どう言いますか|何と言いますか|なんて言うの}{？|。|}',
  '$nameに{変えたい|直したい|したい}{です|のですが}{。|、}「$sentence」',
  '「$sentence」{という文|という一文|という文章|というメモ|という言葉}{を|は}$name{に直すと|にするとどうなりますか|に直せますか|にしてもらえますか|で書き直してください}{？|。|}',
  '$name{を使って|を用いて}、「$sentence」を{言い換えて|書き直して|言い直して|表して}{ください|}{。|}',
  '$name{を使って|で}、{次の文を|次を}{言い換えて|書き直して|言い直して}{ください|}{。|：}「$sentence」',
  '{文章|原文|例文|入力|文}{：|: |は}「$sentence」{。|、|\n}{出力：|}$name{に変換|版|に直す|で}{してください|お願いします|を作って|}{。|}',
  '$name{の練習です|を勉強しています|のテストです|が苦手です}。「$sentence」{を直して|を変換して|はどうなりますか|を直してください|だとどうなる}{。|？|}',
  '{もし|仮に|}「$sentence」を$name{で表すとしたら|に変えるなら|にする場合は}{、どうなりますか|どう書きますか|どう言えばいい}{？|。|}',
  '$sentence{（|(}$name{で|に|}{）|)}',
  '$name{変換|訳|版|バージョン}{：|: |、|。}{「$sentence」|$sentence}',
  '「$sentence」{の|を}$name{の文|の形|の表現|の言い方}{に整えて|に置き換えて|に修正して|を示して|を作って}{ください|}{。|}',
  '{お客様に|目上の人に|先生に|上司に|}「$sentence」と{言いたい|伝えたい}。$nameで{お願いします|教えて}',
];
const TRAIN_ENGLISH = [
  '{Make|Turn|Change|Convert|Put|Rewrite} {this|this sentence|the sentence} {into|to} $name: $sentence',
  '{What is|Give me|Tell me|I need} the $name of {"$sentence"|「$sentence」|$sentence}{?|.|}',
  '{Please |}{rewrite|convert|say} 「$sentence」 in $name{.|}',
  'How do {I|you} say 「$sentence」 in $name?',
  '{I am writing to a customer|I am studying keigo|For my boss|For an email}: {please use|use|change it to} $name{.|:} 「$sentence」',
  '$name {of|for|version of}{:| this:|} $sentence',
  '{Translate|Transfer|Switch|Rephrase|Reword} 「$sentence」 {into|to} {the |}$name{.|, please.|}',
  '「$sentence」 {in|as|to} $name{?|, please.|}',
];
const HELD_OUT = [
  '「$sentence」という文章を$nameに改めていただけますか。',
  '$nameへの書き換えをお願いできますか。対象：「$sentence」',
  '例文「$sentence」の場合、$nameならどのように述べますか。',
  '「$sentence」、これを$nameにお願い。',
];
const HELD_OUT_ENGLISH = [
  'Could you transform 「$sentence」 so that it uses $name?',
  'Here is a sentence: $sentence. I would like it as $name, please.',
];

const TIMES =
  '明日 今日 来週 午後 後で 月曜日に 三時に 今から 来月 夕方 毎日 すぐに 金曜日に 十時に 一緒に 先に もう一度 必ず 本日 明後日'.split(
    ' ',
  );
const PAST_TIMES = '昨日 先週 先月 今朝 一昨日 先ほど 昨年 前回 午前中に さっき'.split(' ');
const OTHERS =
  '先生が 部長が お客様が 社長が 課長が 市長が 校長が 先輩が 院長が 佐藤さんが 田中様が 会長が 担当者が 鈴木先生が'.split(
    ' ',
  );
const OURSELVES = '私が 私は 私たちが 弊社が 当社が わたくしが 私どもが'.split(' ');

export const keigoConversion: Category = {
  name: 'keigo-conversion',
  weight: 30,
  templates: { train: [...TRAIN, ...TRAIN_ENGLISH], heldOut: [...HELD_OUT, ...HELD_OUT_ENGLISH] },
  hasCombinations: true,
  sample(random, split) {
    const form = random.pick<Form>(['polite', 'polite', 'respectful', 'humble']);
    const sentence = plainSentence(random, form, split);
    const english = random.chance(0.12);
    const templates = templatesOf(
      english ? { train: TRAIN_ENGLISH, heldOut: HELD_OUT_ENGLISH } : { train: TRAIN, heldOut: HELD_OUT },
      split,
    );
    const name = phrase(random, NAMES[form][english ? 'en' : 'ja']);
    const answer = sentence.in(form) ?? '';
    return {
      category: 'keigo-conversion',
      language: english ? 'en' : 'ja',
      prompt: phrase(random, random.pick(templates), { sentence: sentence.plain, name }),
      answer,
      facts: [answer],
      followUps: followUps(random, sentence, form),
    } satisfies Exchange;
  },
};

interface Sentence {
  plain: string;
  /** Undefined where the verb has no such form. */
  in(form: Form): string | undefined;
}

function plainSentence(random: Random, form: Form, split: Split): Sentence {
  const [verb, object] = verbAndObject(random, form, split);
  const isPast = random.chance(0.3);
  const time = random.chance(0.5) ? random.pick(isPast ? PAST_TIMES : TIMES) : '';
  const subject = random.chance(0.4) ? random.pick(subjectsFor(form)) : '';
  const start = random.chance(0.8) ? `${subject}${time}` : `${time}${subject}`;
  const body = `${start}${object}${verb.particle}`;
  return {
    plain: `${body}${isPast ? verb.past : verb.plain}`,
    in: (wanted) => {
      const inflected = verb[wanted];
      return inflected === undefined ? undefined : `${body}${tense(inflected, isPast)}。`;
    },
  };
}

/** Respect is for others, humility for one's own side; plain politeness is for anyone. */
function subjectsFor(form: Form): readonly string[] {
  if (form === 'respectful') return OTHERS;
  return form === 'humble' ? OURSELVES : [...OTHERS, ...OURSELVES];
}

function verbAndObject(random: Random, form: Form, split: Split): [Verb, string] {
  for (;;) {
    const verb = random.pick(VERBS);
    if (verb[form] === undefined) continue;
    const object = random.pick(verb.objects);
    if (isHeldOutCombination(verb.plain, object) === (split === 'new-combination')) return [verb, object];
  }
}

function tense(form: string, isPast: boolean): string {
  return isPast ? form.replace(/ます$/, 'ました') : form;
}

function followUps(random: Random, sentence: Sentence, used: Form): { prompt: string; answer: string }[] {
  const rest: Form[] = used === 'polite' ? ['respectful', 'humble'] : ['polite'];
  const template =
    '{では|じゃあ|それを|次は|今度は|同じ文を}{、|}$name{では|にすると|で|だと}{|お願いします|どうなりますか}{？|。|}';
  return rest.flatMap((form) => {
    const answer = sentence.in(form);
    if (answer === undefined) return [];
    return [{ prompt: phrase(random, template, { name: phrase(random, NAMES[form].ja) }), answer }];
  });
}
