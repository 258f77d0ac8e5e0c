/**
 * Learns the weights of the prompt injection guard from the training part of the labelled set, and the threshold
 * from what each fifth of it, frame by frame, gets from a model of the other four: `node tools/guards/train.ts`.
 * The held-out part is not read here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  LinearModel,
  StoredModel,
} from '../../packages/server/src/domains/guards/injection/training-door.ts';
import { numbersFrom, trainingTexts } from './dataset/dataset.ts';
import { exampleOf, fitModel, highestOf, type Example } from './fit-model.ts';

const WEIGHTS = join(import.meta.dirname, '../../packages/server/src/domains/guards/injection/weights.ts');
const FOLDS = 5;
/** Of benign texts that the model has not seen, at most this part may be judged to be attacks. */
const FALSE_POSITIVES_MAX = 0.01;

const examples = trainingExamples();
const attacks = examples.filter(({ isAttack }) => isAttack).length;
console.log(`${examples.length} texts, ${attacks} of them attacks`);

const unseen = scoresOfUnseen(examples);
const threshold = lowestThreshold(unseen);
const caught = unseen.filter(({ isAttack, score }) => isAttack && score >= threshold).length;
console.log(
  `threshold ${threshold.toFixed(3)}: of unseen frames, recall ${(caught / attacks).toFixed(3)} ` +
    `at ${(100 * FALSE_POSITIVES_MAX).toFixed(1)} % false positives`,
);
const stored = quantised(fitModel(examples), threshold);
writeFileSync(
  WEIGHTS,
  `import type { StoredModel } from './linear-model.ts';\n\n` +
    `/** Made by \`node tools/guards/train.ts\`; not to be edited. */\n` +
    `export const storedModel: StoredModel = {\n` +
    `  bias: ${stored.bias},\n  gramScale: ${stored.gramScale},\n  threshold: ${stored.threshold},\n` +
    `  signs: [\n${stored.signs.map((weight) => `    ${weight},\n`).join('')}  ],\n` +
    `  grams:\n    '${stored.grams}',\n};\n`,
);

/** Each text alone; some of them within others, as attacks stand in mails and pages. */
function trainingExamples(): readonly Example[] {
  const texts = trainingTexts();
  const random = numbersFrom(11);
  const benign = texts.filter(({ isAttack }) => !isAttack);
  const some = (): string => benign[Math.floor(random() * benign.length)]?.text ?? '';
  const made: Example[] = [];
  for (const [at, { text, isAttack, frame }] of texts.entries()) {
    made.push(exampleOf(text, isAttack, frame));
    if (at % 4 === 0) {
      const around = [some(), some(), text, some()];
      made.push(exampleOf(around.join(at % 8 === 0 ? '\n' : ' '), isAttack, frame));
    }
  }
  return made;
}

interface Scored {
  readonly isAttack: boolean;
  readonly score: number;
}

function scoresOfUnseen(all: readonly Example[]): readonly Scored[] {
  const frames = [...new Set(all.map(({ frame }) => frame))];
  const fold = new Map(frames.map((frame, at) => [frame, at % FOLDS] as const));
  const scored: Scored[] = [];
  for (let held = 0; held < FOLDS; held++) {
    const model = fitModel(all.filter(({ frame }) => fold.get(frame) !== held));
    for (const example of all.filter(({ frame }) => fold.get(frame) === held)) {
      scored.push({ isAttack: example.isAttack, score: highestOf(model, example)?.logOdds ?? -Infinity });
    }
  }
  return scored;
}

function lowestThreshold(scored: readonly Scored[]): number {
  const benign = scored.filter(({ isAttack }) => !isAttack).map(({ score }) => score);
  benign.sort((a, b) => b - a);
  return (benign[Math.floor(benign.length * FALSE_POSITIVES_MAX)] ?? 0) + 1e-6;
}

function quantised({ bias, grams, signs }: LinearModel, chosen: number): StoredModel {
  const gramScale = grams.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 1e-9) / 127;
  const bytes = Int8Array.from(grams, (weight) => Math.round(weight / gramScale));
  return {
    bias: rounded(bias),
    gramScale: Number(gramScale.toPrecision(6)),
    threshold: rounded(chosen),
    signs: [...signs].map(rounded),
    grams: Buffer.from(bytes.buffer).toString('base64'),
  };
}

function rounded(weight: number): number {
  return Number(weight.toFixed(4));
}
