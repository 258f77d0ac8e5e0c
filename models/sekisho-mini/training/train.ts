/**
 * `npm run train -- --minutes 75`: trains from scratch and leaves a GGUF every few minutes.
 * The schedule follows the clock, so a busy machine makes fewer steps, not a later end.
 */
import { parseArgs } from 'node:util';
import { readCorpus } from '../data/read-corpus.ts';
import { Random } from '../data/random.ts';
import { elementCount, MINI_LABEL, MINI_SHAPE, parameterDims, type ModelShape } from '../model-shape.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { CHECKPOINT_PATH, CORPUS_PATH, MODEL_PATH, TOKENIZER_PATH } from '../work-folder.ts';
import { Batch } from './batches.ts';
import { ConversationStream } from './conversation-stream.ts';
import { writeModelFile } from './model-file.ts';
import { randomParameters, saveParameters } from './parameters.ts';
import { learningRate } from './schedule.ts';
import { Trainer } from './trainer.ts';

const BATCH = { rows: 8, length: 256, answerSlots: 1024 };
const SEED = 7300;
const THREADS = 2;
const REPORT_EVERY_STEPS = 50;
const SAVE_EVERY_MS = 10 * 60_000;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '75' } } });
const budgetMs = Number(values.minutes) * 60_000;

const tokenizer = Tokenizer.load(TOKENIZER_PATH);
const shape: ModelShape = { ...MINI_SHAPE, vocabulary: tokenizer.size };
const random = new Random(SEED);
const parameters = randomParameters(shape, random);
const stream = new ConversationStream(readCorpus(CORPUS_PATH), tokenizer, random, BATCH.length);
const trainer = await Trainer.create(shape, BATCH, parameters, THREADS);
const batch = new Batch(BATCH);

const parameterCount = [...parameterDims(shape).values()].reduce((sum, dims) => sum + elementCount(dims), 0);
console.log(
  `sekisho-mini (${MINI_LABEL}): ${(parameterCount / 1e6).toFixed(2)}M, vocabulary ${tokenizer.size}`,
);

const startedAt = performance.now();
let savedAt = startedAt;
let smoothedLoss = 0;
let answerTokens = 0;
let step = 0;
for (; elapsedMs() < budgetMs; step++) {
  answerTokens += batch.fill(
    () => stream.next(),
    (conversation) => stream.putBack(conversation),
  );
  const loss = await trainer.train(batch, learningRate(step, elapsedMs() / budgetMs));
  smoothedLoss = step === 0 ? loss : 0.97 * smoothedLoss + 0.03 * loss;
  if (step % REPORT_EVERY_STEPS === 0) report();
  if (performance.now() - savedAt > SAVE_EVERY_MS) save();
}
save();
report();

function elapsedMs(): number {
  return performance.now() - startedAt;
}

function save(): void {
  savedAt = performance.now();
  saveParameters(CHECKPOINT_PATH, parameters);
  writeModelFile(MODEL_PATH, shape, tokenizer, parameters);
}

function report(): void {
  const seconds = elapsedMs() / 1000;
  const tokens = (step + 1) * BATCH.rows * BATCH.length;
  const minutesLeft = Math.max(0, budgetMs / 1000 - seconds) / 60;
  console.log(
    `step ${step}  loss ${smoothedLoss.toFixed(4)}  ${(tokens / seconds).toFixed(0)} tokens/s  ` +
      `${answerTokens} answer tokens  ${minutesLeft.toFixed(1)} minutes left`,
  );
}
