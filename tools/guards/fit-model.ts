/** Logistic regression by Adagrad, where a text is as suspicious as its most suspicious window. */
import {
  BUCKETS,
  GRAMS_AT_A_PLACE,
  SIGN_COUNT,
  highestWindow,
  measure,
  viewsOf,
  type LinearModel,
  type Measured,
  type Window,
} from '../../packages/server/src/domains/guards/injection/training-door.ts';
import { numbersFrom } from './dataset/dataset.ts';

export interface Example {
  readonly views: readonly Measured[];
  readonly isAttack: boolean;
  readonly frame: string;
}

export interface FitSettings {
  readonly epochs: number;
  readonly gramRate: number;
  readonly signRate: number;
  /** How strongly weights are drawn to zero. */
  readonly decay: number;
  readonly attackWeight: number;
}

const fitSettings: FitSettings = {
  epochs: 25,
  gramRate: 0.15,
  signRate: 0.08,
  decay: 1e-5,
  attackWeight: 1,
};

export function exampleOf(text: string, isAttack: boolean, frame: string): Example {
  return { views: viewsOf(text).map(measure), isAttack, frame };
}

interface Highest {
  readonly view: Measured;
  readonly window: Window;
  readonly logOdds: number;
}

export function highestOf(model: LinearModel, { views }: Example): Highest | undefined {
  let highest: Highest | undefined;
  for (const view of views) {
    const found = highestWindow(model, view);
    if (found !== undefined && (highest === undefined || found.logOdds > highest.logOdds)) {
      highest = { view, ...found };
    }
  }
  return highest;
}

export function fitModel(examples: readonly Example[], settings: FitSettings = fitSettings): LinearModel {
  const model = { bias: 0, grams: new Float32Array(BUCKETS), signs: new Float32Array(SIGN_COUNT) };
  const gramSquares = new Float32Array(BUCKETS).fill(1e-2);
  const signSquares = new Float32Array(SIGN_COUNT).fill(0.1);
  let biasSquares = 1;
  const random = numbersFrom(7);
  const order = [...examples];
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    shuffle(order, random);
    for (const example of order) {
      const highest = highestOf(model, example);
      if (highest === undefined) continue;
      const { view, window, logOdds } = highest;
      const error = 1 / (1 + Math.exp(-logOdds)) - (example.isAttack ? 1 : 0);
      const gradient = error * (example.isAttack ? settings.attackWeight : 1);
      biasSquares += gradient * gradient;
      model.bias -= (settings.signRate * gradient) / Math.sqrt(biasSquares);
      for (const sign of window.signs) {
        const square = (signSquares[sign] ?? 0) + gradient * gradient;
        signSquares[sign] = square;
        const weight = model.signs[sign] ?? 0;
        model.signs[sign] =
          weight -
          (settings.signRate * gradient) / Math.sqrt(square) -
          settings.signRate * settings.decay * weight;
      }
      const from = window.start * GRAMS_AT_A_PLACE;
      const to = window.end * GRAMS_AT_A_PLACE;
      const step = gradient / Math.sqrt(to - from);
      for (let at = from; at < to; at++) {
        const bucket = view.grams[at] ?? 0;
        if (bucket === 0) continue;
        const square = (gramSquares[bucket] ?? 0) + step * step;
        gramSquares[bucket] = square;
        const weight = model.grams[bucket] ?? 0;
        model.grams[bucket] =
          weight -
          (settings.gramRate * step) / Math.sqrt(square) -
          settings.gramRate * settings.decay * weight;
      }
    }
  }
  return model;
}

function shuffle(items: Example[], random: () => number): void {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const item = items[at];
    const replaced = items[other];
    if (item === undefined || replaced === undefined) continue;
    items[at] = replaced;
    items[other] = item;
  }
}
