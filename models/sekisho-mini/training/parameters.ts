/** The parameters of a model in memory: made at random, saved, loaded. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { elementCount, parameterDims, type ModelShape } from '../model-shape.ts';
import type { Random } from '../data/random.ts';

/** Row-major values by parameter name, in the order of `parameterDims`. */
export type Parameters = Map<string, Float32Array>;

/** Normal with deviation 0.02; projections into the residual stream shrink with depth (GPT-2). */
export function randomParameters(shape: ModelShape, random: Random): Parameters {
  const parameters: Parameters = new Map();
  for (const [name, dims] of parameterDims(shape)) {
    const values = new Float32Array(elementCount(dims));
    const intoResidual = name.endsWith('attn_output') || name.endsWith('ffn_down');
    const deviation = intoResidual ? 0.02 / Math.sqrt(2 * shape.layers) : 0.02;
    if (dims.length === 1) values.fill(1);
    else for (let i = 0; i < values.length; i++) values[i] = random.normal() * deviation;
    parameters.set(name, values);
  }
  return parameters;
}

/** A checkpoint is every parameter as raw little-endian f32, one after the other. */
export function saveParameters(path: string, parameters: Parameters): void {
  const bodies = Array.from(parameters.values(), (values) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  writeFileSync(`${path}.tmp`, Buffer.concat(bodies));
  renameSync(`${path}.tmp`, path);
}

export function loadParameters(path: string, shape: ModelShape): Parameters {
  const bytes = readFileSync(path);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const parameters: Parameters = new Map();
  let offset = 0;
  for (const [name, dims] of parameterDims(shape)) {
    const count = elementCount(dims);
    parameters.set(name, all.slice(offset, offset + count));
    offset += count;
  }
  if (offset !== all.length) throw new Error(`${path} holds ${all.length} values, not ${offset}`);
  return parameters;
}
