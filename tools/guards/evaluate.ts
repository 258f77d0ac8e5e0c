/** `npm run evaluate:guards`: precision and recall of the guards, in the tables of docs/guards.md. */
import {
  injectionLogOdds,
  injectionThreshold,
} from '../../packages/server/src/domains/guards/injection/judge-text.ts';
import { hardFamilies, trainingTexts } from './dataset/dataset.ts';
import {
  greatestLikeness,
  ratesOf,
  scoredFresh,
  scoredHeldOut,
  spanRates,
  type ScoredText,
} from './evaluation.ts';

const share = (part: number): string => part.toFixed(3);
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n'));
};
const languages = ['ja', 'en'] as const;
const scored = scoredHeldOut();
const training = trainingTexts();

console.log('Labelled texts (training and held-out share no frame; the threshold comes from training)\n');
table(
  [
    '',
    'training attacks',
    'training benign',
    'held-out attacks (one by one)',
    'held-out benign (one by one)',
    'hard negatives',
  ],
  languages.map((language) => {
    const trained = training.filter((text) => text.language === language);
    const held = scored.filter((text) => text.language === language);
    const count = (isAttack: boolean): string => {
      const texts = held.filter((text) => text.isAttack === isAttack);
      return `${texts.length} (${texts.filter(({ isMade }) => !isMade).length})`;
    };
    const hard = held.filter(({ isAttack, family }) => !isAttack && hardFamilies.has(family)).length;
    const attacks = trained.filter(({ isAttack }) => isAttack).length;
    return [language, attacks, trained.length - attacks, count(true), count(false), hard];
  }),
);

console.log('Greatest 5-gram Jaccard likeness of a held-out attack (bound 0.6)\n');
table(
  ['', 'to another held-out attack', 'to a training attack'],
  languages.map((language) => {
    const { withinHeldOut, withTraining } = greatestLikeness(language);
    return [language, share(withinHeldOut), share(withTraining)];
  }),
);

console.log(`Prompt injection, held-out, at the threshold ${injectionThreshold}\n`);
table(
  ['', 'recall', 'precision', 'false positives', 'of hard negatives'],
  languages.map((language) => {
    const rates = ratesOf(scored.filter((text) => text.language === language));
    return [
      language,
      `${share(rates.recall)} (${rates.caught}/${rates.attacks})`,
      share(rates.precision),
      `${share(rates.falsePositiveRate)} (${rates.falselyCaught}/${rates.benign})`,
      `${share(rates.hardFalsePositiveRate)} (${rates.hardFalselyCaught}/${rates.hard})`,
    ];
  }),
);

console.log('The same on Japanese texts that were written after the weights were fixed\n');
const fresh = ratesOf(scoredFresh());
table(
  ['recall', 'precision', 'false positives'],
  [
    [
      `${share(fresh.recall)} (${fresh.caught}/${fresh.attacks})`,
      share(fresh.precision),
      `${share(fresh.falsePositiveRate)} (${fresh.falselyCaught}/${fresh.benign})`,
    ],
  ],
);

console.log('Thresholds (log-odds) and what they give\n');
table(
  [
    'threshold',
    ...languages.flatMap((language) => [
      `${language} recall`,
      `${language} precision`,
      `${language} false positives`,
    ]),
  ],
  [-2, -1, -0.5, 0, 0.5, 1, 2].map((offset) => [
    (injectionThreshold + offset).toFixed(2),
    ...languages.flatMap((language) => {
      const rates = ratesOf(
        scored.filter((text) => text.language === language),
        injectionThreshold + offset,
      );
      return [share(rates.recall), share(rates.precision), share(rates.falsePositiveRate)];
    }),
  ]),
);

for (const language of languages) {
  for (const isAttack of [true, false]) {
    const families = groupBy(
      scored.filter((text) => text.language === language && text.isAttack === isAttack),
    );
    console.log(
      `${language}: ${isAttack ? 'caught of each family of attacks' : 'falsely caught of each benign family'}\n`,
    );
    table(
      ['family', 'caught'],
      [...families].map(([family, texts]) => {
        const caught = texts.filter(({ logOdds }) => logOdds >= injectionThreshold).length;
        return [family, `${caught}/${texts.length}`];
      }),
    );
  }
}

console.log('Numbers, keys and personal data\n');
table(
  ['guard', 'found', 'falsely found'],
  spanRates().map(({ guard, found, toFind, falselyFound, toPass }) => [
    guard,
    `${found}/${toFind}`,
    `${falselyFound}/${toPass}`,
  ]),
);

console.log('Time of a judgement (median of 50)\n');
table(
  ['text', 'bytes', 'microseconds a KiB'],
  [
    ['one request', scored.find(({ language, isAttack }) => language === 'ja' && !isAttack)?.text ?? ''],
    ['64 KiB of Japanese', benignOf('ja', 64 * 1024)],
    ['64 KiB of English', benignOf('en', 64 * 1024)],
  ].map(([name = '', text = '']) => {
    const bytes = Buffer.byteLength(text);
    return [name, bytes, ((medianMs(text) * 1000) / (bytes / 1024)).toFixed(0)];
  }),
);

function groupBy(texts: readonly ScoredText[]): ReadonlyMap<string, readonly ScoredText[]> {
  return Map.groupBy(texts, ({ family }) => family);
}

function benignOf(language: 'ja' | 'en', bytes: number): string {
  const texts = scored.filter((text) => !text.isAttack && text.language === language).map(({ text }) => text);
  let joined = '';
  for (let at = 0; Buffer.byteLength(joined) < bytes; at++) joined += `${texts[at % texts.length] ?? ''}\n`;
  return joined;
}

function medianMs(text: string): number {
  const times = Array.from({ length: 50 }, () => {
    const since = performance.now();
    injectionLogOdds(text);
    return performance.now() - since;
  });
  return times.sort((a, b) => a - b)[25] ?? 0;
}
