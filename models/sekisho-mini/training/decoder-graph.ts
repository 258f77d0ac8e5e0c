/**
 * Forward and backward pass of a llama-shaped decoder as ONE ONNX graph, so that a plain
 * inference runtime can train. Optimisation happens outside, on the gradients it returns.
 *
 * Architecture: RMSNorm, rotary positions on adjacent pairs (llama.cpp's "norm" type), causal
 * attention, SwiGLU, tied output head. Every step returns its value and its own backward
 * function; the backward functions are then called in reverse order.
 */
import { OnnxGraph, type Value } from './onnx-graph.ts';
import { parameterDims, type ModelShape } from '../model-shape.ts';

export interface BatchShape {
  rows: number;
  /** Tokens per row. */
  length: number;
  /** How many positions of the whole batch can carry loss; the head runs only there. */
  answerSlots: number;
}

/** A value and how a gradient with respect to it becomes one with respect to its input. */
interface Step {
  value: Value;
  backward(gradient: Value): Value;
}

/**
 * Inputs: every parameter by name, and
 *   ids              int64 [rows*length]
 *   attention_bias   float [rows, 1, length, length]; 0 where position i may see j, else -1e9
 *   answer_positions int64 [answerSlots]; which positions the head looks at
 *   answer_slots     int64 [rows*length]; slot of a position, or `answerSlots` for none
 *   targets          int64 [answerSlots, 1]; weights float [answerSlots, 1], summing to 1
 * Outputs: `loss` [], `d:<parameter>` for each parameter, and `d:embedded` [rows*length, width],
 * the gradient that the caller scatters into `d:token_embd` by token id (the input half of the
 * tied embedding).
 */
export function buildDecoderGraph(shape: ModelShape, batch: BatchShape): Uint8Array {
  const graph = new OnnxGraph();
  const dims = parameterDims(shape);
  for (const [name, size] of dims) graph.input(name, 'float32', size);
  const positions = batch.rows * batch.length;
  const ids = graph.input('ids', 'int64', [positions]);

  const builder = new DecoderBuilder(graph, shape, batch);
  const blocks: Step[] = [];
  let residual = graph.node('Gather', ['token_embd', ids]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const attention = builder.residualStep(residual, (x) => builder.attention(x, layer));
    const feedForward = builder.residualStep(attention.value, (x) => builder.feedForward(x, layer));
    blocks.push(attention, feedForward);
    residual = feedForward.value;
  }
  const head = builder.lossHead(residual);
  graph.output(head.loss, 'loss', []);
  let gradient = head.gradient;
  for (const block of blocks.reverse()) gradient = block.backward(gradient);
  graph.output(gradient, 'd:embedded', [positions, shape.width]);
  for (const [name, size] of dims) graph.output(builder.gradientOf(name), `d:${name}`, size);
  return graph.encode();
}

class DecoderBuilder {
  private readonly graph: OnnxGraph;
  private readonly shape: ModelShape;
  private readonly batch: BatchShape;
  private readonly gradients = new Map<string, Value>();
  private readonly rotary: RotaryTables;
  private readonly attentionBias: Value;

  constructor(graph: OnnxGraph, shape: ModelShape, batch: BatchShape) {
    this.graph = graph;
    this.shape = shape;
    this.batch = batch;
    this.rotary = rotaryTables(graph, shape, batch.length);
    const biasDims = [batch.rows, 1, batch.length, batch.length];
    this.attentionBias = graph.input('attention_bias', 'float32', biasDims);
  }

  gradientOf(parameter: string): Value {
    const gradient = this.gradients.get(parameter);
    if (gradient === undefined) throw new Error(`no gradient was built for ${parameter}`);
    return gradient;
  }

  /** x + inner(x), and the same in the backward direction. */
  residualStep(x: Value, inner: (x: Value) => Step): Step {
    const step = inner(x);
    return {
      value: this.add(x, step.value),
      backward: (gradient) => this.add(gradient, step.backward(gradient)),
    };
  }

  attention(x: Value, layer: number): Step {
    const block = `blk.${layer}`;
    const normed = this.rmsNorm(x, `${block}.attn_norm`);
    const q = this.linear(normed.value, `${block}.attn_q`);
    const k = this.linear(normed.value, `${block}.attn_k`);
    const v = this.linear(normed.value, `${block}.attn_v`);
    // The 1/sqrt(head width) goes on q: far fewer elements than on the scores.
    const scale = this.graph.scalar((this.shape.width / this.shape.heads) ** -0.5);
    const qHeads = this.mul(this.rotate(this.splitHeads(q.value)), scale);
    const kHeads = this.rotate(this.splitHeads(k.value));
    const vHeads = this.splitHeads(v.value);
    const scores = this.add(this.matMul(qHeads, this.transpose(kHeads)), this.attentionBias);
    const probabilities = this.graph.node('Softmax', [scores], { axis: -1 });
    const mixed = this.matMul(probabilities, vHeads);
    const out = this.linear(this.joinHeads(mixed), `${block}.attn_output`);

    const backward = (gradient: Value): Value => {
      const dMixed = this.splitHeads(out.backward(gradient));
      const dProbabilities = this.matMul(dMixed, this.transpose(vHeads));
      const dV = this.matMul(this.transpose(probabilities), dMixed);
      // Softmax backward needs sum_j p_ij dp_ij per row, which equals sum_d o_id do_id:
      // the latter costs head-width instead of row-length elements.
      const rowSums = this.graph.node('ReduceSum', [this.mul(dMixed, mixed), this.graph.integers(-1)]);
      const dScores = this.mul(probabilities, this.sub(dProbabilities, rowSums));
      const dQ = this.rotateBack(this.mul(this.matMul(dScores, kHeads), scale));
      const dK = this.rotateBack(this.matMul(this.transpose(dScores), qHeads));
      const dNormed = this.add(
        this.add(q.backward(this.joinHeads(dQ)), k.backward(this.joinHeads(dK))),
        v.backward(this.joinHeads(dV)),
      );
      return normed.backward(dNormed);
    };
    return { value: out.value, backward };
  }

  feedForward(x: Value, layer: number): Step {
    const block = `blk.${layer}`;
    const normed = this.rmsNorm(x, `${block}.ffn_norm`);
    const gate = this.linear(normed.value, `${block}.ffn_gate`);
    const up = this.linear(normed.value, `${block}.ffn_up`);
    const sigmoid = this.graph.node('Sigmoid', [gate.value]);
    const silu = this.mul(gate.value, sigmoid);
    const down = this.linear(this.mul(silu, up.value), `${block}.ffn_down`);

    const backward = (gradient: Value): Value => {
      const dInner = down.backward(gradient);
      const dUp = this.mul(dInner, silu);
      // d silu(g)/dg = s + silu * (1 - s), with s = sigmoid(g)
      const one = this.graph.scalar(1);
      const slope = this.add(sigmoid, this.mul(silu, this.sub(one, sigmoid)));
      const dGate = this.mul(this.mul(dInner, up.value), slope);
      return normed.backward(this.add(gate.backward(dGate), up.backward(dUp)));
    };
    return { value: down.value, backward };
  }

  /** Final norm, tied head and cross entropy over the answer slots only. */
  lossHead(x: Value): { loss: Value; gradient: Value } {
    const { graph } = this;
    const { width } = this.shape;
    const { answerSlots } = this.batch;
    const positions = this.batch.rows * this.batch.length;
    const answerPositions = graph.input('answer_positions', 'int64', [answerSlots]);
    const slotOfPosition = graph.input('answer_slots', 'int64', [positions]);
    const targets = graph.input('targets', 'int64', [answerSlots, 1]);
    const weights = graph.input('weights', 'float32', [answerSlots, 1]);

    const normed = this.rmsNorm(x, 'output_norm');
    const answers = graph.node('Gather', [normed.value, answerPositions]);
    const logits = graph.node('Gemm', [answers, 'token_embd'], { transB: 1 });
    const probabilities = graph.node('Softmax', [logits], { axis: -1 });
    const hit = graph.node('GatherElements', [probabilities, targets], { axis: 1 });
    const logHit = graph.node('Log', [this.add(hit, graph.scalar(1e-20))]);
    const total = graph.node('ReduceSum', [this.mul(logHit, weights)], { keepdims: 0 });
    const loss = graph.node('Neg', [total]);

    // d loss / d logits = weight * (probabilities - onehot(target))
    const minusOne = this.sub(hit, graph.scalar(1));
    const error = graph.node('ScatterElements', [probabilities, targets, minusOne], { axis: 1 });
    const dLogits = this.mul(error, weights);
    this.gradients.set('token_embd', graph.node('Gemm', [dLogits, answers], { transA: 1 }));
    const dAnswers = graph.node('Gemm', [dLogits, 'token_embd']);
    // Positions without loss point at an appended row of zeros.
    const zeroRow = graph.floats([1, width], new Float32Array(width));
    const padded = graph.node('Concat', [dAnswers, zeroRow], { axis: 0 });
    const dNormed = graph.node('Gather', [padded, slotOfPosition]);
    return { loss, gradient: normed.backward(dNormed) };
  }

  private rmsNorm(x: Value, weight: string): Step {
    const { graph } = this;
    const meanSquare = graph.node('ReduceMean', [this.mul(x, x)], { axes: [1] });
    const shifted = this.add(meanSquare, graph.scalar(this.shape.normEpsilon));
    const inverse = graph.node('Reciprocal', [graph.node('Sqrt', [shifted])]);
    const unit = this.mul(x, inverse);
    const backward = (gradient: Value): Value => {
      const perWeight = this.mul(gradient, unit);
      const dWeight = graph.node('ReduceSum', [perWeight, graph.integers(0)], { keepdims: 0 });
      this.gradients.set(weight, dWeight);
      const dUnit = this.mul(gradient, weight);
      const mean = graph.node('ReduceMean', [this.mul(dUnit, unit)], { axes: [1] });
      return this.mul(inverse, this.sub(dUnit, this.mul(unit, mean)));
    };
    return { value: this.mul(unit, weight), backward };
  }

  private linear(x: Value, weight: string): Step {
    const backward = (gradient: Value): Value => {
      this.gradients.set(weight, this.graph.node('Gemm', [gradient, x], { transA: 1 }));
      return this.graph.node('Gemm', [gradient, weight]);
    };
    return { value: this.graph.node('Gemm', [x, weight], { transB: 1 }), backward };
  }

  /** [rows*length, width] -> [rows, heads, length, headWidth] */
  private splitHeads(x: Value): Value {
    const { rows, length } = this.batch;
    const { heads, width } = this.shape;
    const shape = this.graph.integers(rows, length, heads, width / heads);
    const split = this.graph.node('Reshape', [x, shape]);
    return this.graph.node('Transpose', [split], { perm: [0, 2, 1, 3] });
  }

  private joinHeads(x: Value): Value {
    const merged = this.graph.node('Transpose', [x], { perm: [0, 2, 1, 3] });
    const shape = this.graph.integers(this.batch.rows * this.batch.length, this.shape.width);
    return this.graph.node('Reshape', [merged, shape]);
  }

  private rotate(x: Value): Value {
    const turned = this.mul(this.matMul(x, this.rotary.swap), this.rotary.sine);
    return this.add(this.mul(x, this.rotary.cosine), turned);
  }

  /** A rotation is orthogonal, so its backward is the rotation by the negated angle. */
  private rotateBack(x: Value): Value {
    const turned = this.mul(this.matMul(x, this.rotary.swap), this.rotary.negativeSine);
    return this.add(this.mul(x, this.rotary.cosine), turned);
  }

  private transpose(x: Value): Value {
    return this.graph.node('Transpose', [x], { perm: [0, 1, 3, 2] });
  }

  private matMul(a: Value, b: Value): Value {
    return this.graph.node('MatMul', [a, b]);
  }

  private add(a: Value, b: Value): Value {
    return this.graph.node('Add', [a, b]);
  }

  private sub(a: Value, b: Value): Value {
    return this.graph.node('Sub', [a, b]);
  }

  private mul(a: Value, b: Value): Value {
    return this.graph.node('Mul', [a, b]);
  }
}

interface RotaryTables {
  /** [length, headWidth] */
  cosine: Value;
  sine: Value;
  negativeSine: Value;
  /** [headWidth, headWidth]: maps each pair (a, b) to (-b, a). */
  swap: Value;
}

function rotaryTables(graph: OnnxGraph, shape: ModelShape, length: number): RotaryTables {
  const headWidth = shape.width / shape.heads;
  const cosine = new Float32Array(length * headWidth);
  const sine = new Float32Array(length * headWidth);
  for (let position = 0; position < length; position++) {
    for (let i = 0; i < headWidth; i++) {
      const pair = i - (i % 2);
      const angle = position * shape.ropeBase ** (-pair / headWidth);
      cosine[position * headWidth + i] = Math.cos(angle);
      sine[position * headWidth + i] = Math.sin(angle);
    }
  }
  const swap = new Float32Array(headWidth * headWidth);
  for (let i = 0; i < headWidth; i += 2) {
    swap[(i + 1) * headWidth + i] = -1;
    swap[i * headWidth + i + 1] = 1;
  }
  return {
    cosine: graph.floats([length, headWidth], cosine),
    sine: graph.floats([length, headWidth], sine),
    negativeSine: graph.floats(
      [length, headWidth],
      sine.map((x) => -x),
    ),
    swap: graph.floats([headWidth, headWidth], swap),
  };
}
