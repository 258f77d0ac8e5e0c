/**
 * `npm run train -- --minutes 65`: trains from scratch, or with `--resume` from the last checkpoint,
 * and leaves a GGUF every ten minutes. The schedule follows the clock, so a busy machine makes fewer
 * steps, not a later end.
 */
import { parseArgs } from 'node:util';
import { readCorpus } from '../data/read-corpus.ts';
import { Random } from '../data/random.ts';
import { elementCount, MINI_LABEL, MINI_SHAPE, parameterDims, type ModelShape } from '../model-shape.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { CHECKPOINT_PATH, CORPUS_PATH, MODEL_PATH, TOKENIZER_PATH } from '../work-folder.ts';
import { Batch } from './batches.ts';
import { ConversationStream, type Shares } from './conversation-stream.ts';
import { writeModelFile } from './model-file.ts';
import { loadParameters, randomParameters, saveParameters } from './parameters.ts';
import { learningRate } from './schedule.ts';
import { Trainer } from './trainer.ts';

/** Tokens per row, and how many of them can be answers: measured, 39 percent are. */
const ROW_TOKENS = 256;
const ROW_ANSWERS = 128;
const SEED = 7300;
const RESUMED_SEED = 7301;
const THREADS = 2;
const REPORT_EVERY_STEPS = 50;
const SAVE_EVERY_MS = 10 * 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '65' },
    /** Rows per step: fewer make more, noisier steps of the same compute. */
    rows: { type: 'string', default: '8' },
    /** Peak learning rate. */
    peak: { type: 'string', default: '0.002' },
    /** Draw some categories more or less often: `sums=3,platform=0.4`. */
    shares: { type: 'string', default: '' },
    resume: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const batchShape = { rows, length: ROW_TOKENS, answerSlots: rows * ROW_ANSWERS };
const budgetMs = Number(values.minutes) * 60_000;

const tokenizer = Tokenizer.load(TOKENIZER_PATH);
const shape: ModelShape = { ...MINI_SHAPE, vocabulary: tokenizer.size };
// A resumed run must not see the conversations in the same order again.
const random = new Random(values.resume ? RESUMED_SEED : SEED);
const parameters = values.resume ? loadParameters(CHECKPOINT_PATH, shape) : randomParameters(shape, random);
const shares = parseShares(values.shares);
const stream = new ConversationStream(readCorpus(CORPUS_PATH), tokenizer, random, ROW_TOKENS, shares);
const trainer = await Trainer.create(shape, batchShape, parameters, THREADS);
const batch = new Batch(batchShape);

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
  const loss = await trainer.train(batch, learningRate(Number(values.peak), step, elapsedMs() / budgetMs));
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
  const tokens = (step + 1) * rows * ROW_TOKENS;
  const minutesLeft = Math.max(0, budgetMs / 1000 - seconds) / 60;
  console.log(
    `step ${step}  loss ${smoothedLoss.toFixed(4)}  ${(tokens / seconds).toFixed(0)} tokens/s  ` +
      `${answerTokens} answer tokens  ${minutesLeft.toFixed(1)} minutes left`,
  );
}

/** `a=2,b=0.5` */
function parseShares(text: string): Shares {
  const parsed = new Map<string, number>();
  for (const [, category, times] of text.matchAll(/([\w-]+)=([\d.]+)/g)) parsed.set(category, Number(times));
  return parsed;
}
