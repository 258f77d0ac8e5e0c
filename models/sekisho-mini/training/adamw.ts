/** AdamW with a global gradient-norm limit. Source: Loshchilov and Hutter, arXiv 1711.05101. */
import type { Parameters } from './parameters.ts';

const BETA_1 = 0.9;
const BETA_2 = 0.95;
const EPSILON = 1e-8;
const WEIGHT_DECAY = 0.1;
const MAX_GRADIENT_NORM = 1;

export class AdamW {
  private readonly parameters: Parameters;
  private readonly firstMoments: Parameters;
  private readonly secondMoments: Parameters;
  private steps = 0;

  constructor(parameters: Parameters) {
    this.parameters = parameters;
    this.firstMoments = zerosLike(parameters);
    this.secondMoments = zerosLike(parameters);
  }

  /** Updates the parameters in place. */
  step(gradients: Parameters, learningRate: number): void {
    this.steps++;
    const clip = Math.min(1, MAX_GRADIENT_NORM / (globalNorm(gradients) + 1e-6));
    const correction1 = 1 / (1 - BETA_1 ** this.steps);
    const correction2 = 1 / (1 - BETA_2 ** this.steps);
    for (const [name, values] of this.parameters) {
      const gradient = required(gradients, name);
      const first = required(this.firstMoments, name);
      const second = required(this.secondMoments, name);
      // Norm weights and embeddings are not decayed.
      const decays = !name.endsWith('norm') && name !== 'token_embd';
      const keep = decays ? 1 - learningRate * WEIGHT_DECAY : 1;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] * clip;
        const m = (first[i] = BETA_1 * first[i] + (1 - BETA_1) * g);
        const v = (second[i] = BETA_2 * second[i] + (1 - BETA_2) * g * g);
        const update = (m * correction1) / (Math.sqrt(v * correction2) + EPSILON);
        values[i] = values[i] * keep - learningRate * update;
      }
    }
  }
}

function globalNorm(gradients: Parameters): number {
  let sum = 0;
  for (const values of gradients.values()) {
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  }
  return Math.sqrt(sum);
}

function zerosLike(parameters: Parameters): Parameters {
  const zeros: Parameters = new Map();
  for (const [name, values] of parameters) zeros.set(name, new Float32Array(values.length));
  return zeros;
}

function required(parameters: Parameters, name: string): Float32Array {
  const values = parameters.get(name);
  if (values === undefined) throw new Error(`nothing is known about parameter ${name}`);
  return values;
}
