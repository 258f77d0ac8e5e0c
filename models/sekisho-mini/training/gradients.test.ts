import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../data/random.ts';
import { parameterDims, type ModelShape } from '../model-shape.ts';
import { Batch } from './batches.ts';
import { randomParameters } from './parameters.ts';
import { Trainer } from './trainer.ts';

const SHAPE: ModelShape = {
  vocabulary: 64,
  width: 32,
  layers: 2,
  heads: 4,
  hidden: 48,
  context: 64,
  normEpsilon: 1e-5,
  ropeBase: 10_000,
};
const BATCH = { rows: 2, length: 16, answerSlots: 24 };

/** Each row holds two conversations of 7 tokens, so masking between them takes part. */
function randomBatch(random: Random): Batch {
  const batch = new Batch(BATCH);
  const conversation = () => ({
    ids: Array.from({ length: 7 }, () => random.below(SHAPE.vocabulary)),
    isAnswer: [0, 0, 1, 1, 0, 1, 1],
  });
  batch.fill(conversation, () => {});
  return batch;
}

test('every parameter gradient agrees with finite differences along itself', async () => {
  const random = new Random(7);
  const parameters = randomParameters(SHAPE, random);
  // Larger than a real start, so that every nonlinearity is exercised.
  for (const values of parameters.values()) {
    for (let i = 0; i < values.length; i++) values[i] += random.normal() * 0.15;
  }
  const trainer = await Trainer.create(SHAPE, BATCH, parameters, 1);
  const batch = randomBatch(random);
  const { gradients } = await trainer.gradients(batch);
  for (const name of parameterDims(SHAPE).keys()) {
    const values = parameters.get(name);
    const gradient = gradients.get(name);
    assert.ok(values && gradient);
    const original = values.slice();
    const squaredNorm = gradient.reduce((sum, g) => sum + g * g, 0);
    const distance = 0.02 / Math.sqrt(squaredNorm);
    const lossAt = async (sign: number): Promise<number> => {
      for (let i = 0; i < values.length; i++) values[i] = original[i] + sign * distance * gradient[i];
      return await trainer.loss(batch);
    };
    const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * distance);
    values.set(original);
    assert.ok(Math.abs(slope / squaredNorm - 1) < 0.02, `${name}: ${slope} against ${squaredNorm}`);
  }
});

test('conversations packed into one row do not see each other', async () => {
  const random = new Random(8);
  const parameters = randomParameters(SHAPE, random);
  const trainer = await Trainer.create(SHAPE, { ...BATCH, rows: 1 }, parameters, 1);
  const conversations = [
    { ids: [1, 3, 9, 10, 4, 11, 12], isAnswer: [0, 0, 0, 0, 0, 1, 1] },
    { ids: [1, 3, 20, 21, 4, 22, 23], isAnswer: [0, 0, 0, 0, 0, 0, 0] },
  ];
  const lossWith = async (order: number[]): Promise<number> => {
    const batch = new Batch({ ...BATCH, rows: 1 });
    let next = 0;
    const tooLong = {
      ids: Array.from({ length: 99 }, () => 0),
      isAnswer: Array.from({ length: 99 }, () => 0),
    };
    batch.fill(
      () => (next < order.length ? conversations[order[next++]] : tooLong),
      () => {},
    );
    return await trainer.loss(batch);
  };
  const first = await lossWith([0, 1]);
  // Attention depends on relative positions only, so moving a conversation changes nothing.
  assert.ok(Math.abs(first - (await lossWith([1, 0]))) < 1e-5);
});
