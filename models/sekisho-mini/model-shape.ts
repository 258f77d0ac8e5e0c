/** The shape of sekisho-mini, and the names of its parameters as llama.cpp knows them. */

export interface ModelShape {
  vocabulary: number;
  /** Width of the residual stream. */
  width: number;
  layers: number;
  heads: number;
  /** Inner width of the gated feed-forward block. */
  hidden: number;
  /** Longest context, in tokens, that the file declares. */
  context: number;
  normEpsilon: number;
  ropeBase: number;
}

/** Everything but the vocabulary, whose size the tokenizer decides. */
export const MINI_SHAPE: Omit<ModelShape, 'vocabulary'> = {
  width: 256,
  layers: 5,
  heads: 4,
  hidden: 688,
  context: 512,
  normEpsilon: 1e-5,
  ropeBase: 10_000,
};

export const MINI_LABEL = 'demo, 5M parameters';

/**
 * Dimensions of every parameter, in file order. A matrix is [outputs, inputs], row-major.
 * The output head is tied to `token_embd`, as llama.cpp assumes when `output` is missing.
 */
export function parameterDims(shape: ModelShape): Map<string, number[]> {
  const { vocabulary, width, hidden } = shape;
  const dims = new Map<string, number[]>();
  dims.set('token_embd', [vocabulary, width]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const block = `blk.${layer}`;
    dims.set(`${block}.attn_norm`, [width]);
    dims.set(`${block}.attn_q`, [width, width]);
    dims.set(`${block}.attn_k`, [width, width]);
    dims.set(`${block}.attn_v`, [width, width]);
    dims.set(`${block}.attn_output`, [width, width]);
    dims.set(`${block}.ffn_norm`, [width]);
    dims.set(`${block}.ffn_gate`, [hidden, width]);
    dims.set(`${block}.ffn_up`, [hidden, width]);
    dims.set(`${block}.ffn_down`, [width, hidden]);
  }
  dims.set('output_norm', [width]);
  return dims;
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
