/** Runs the training graph: one batch in, one optimiser step out. */
import * as ort from 'onnxruntime-node';
import { parameterDims, type ModelShape } from '../model-shape.ts';
import { AdamW } from './adamw.ts';
import type { Batch } from './batches.ts';
import { buildDecoderGraph, type BatchShape } from './decoder-graph.ts';
import type { Parameters } from './parameters.ts';

export interface LossAndGradients {
  /** Mean cross entropy in nats over the batch's answer tokens. */
  loss: number;
  gradients: Parameters;
}

export class Trainer {
  private readonly session: ort.InferenceSession;
  private readonly shape: ModelShape;
  private readonly batchShape: BatchShape;
  private readonly parameterFeeds: Record<string, ort.Tensor> = {};
  private readonly optimiser: AdamW;

  private constructor(
    session: ort.InferenceSession,
    shape: ModelShape,
    batchShape: BatchShape,
    parameters: Parameters,
  ) {
    this.session = session;
    this.shape = shape;
    this.batchShape = batchShape;
    this.optimiser = new AdamW(parameters);
    // The tensors share memory with the parameters, which the optimiser updates in place.
    for (const [name, dims] of parameterDims(shape)) {
      const values = parameters.get(name);
      if (values === undefined) throw new Error(`parameter ${name} is missing`);
      this.parameterFeeds[name] = new ort.Tensor('float32', values, dims);
    }
  }

  static async create(
    shape: ModelShape,
    batchShape: BatchShape,
    parameters: Parameters,
    threads: number,
  ): Promise<Trainer> {
    const session = await ort.InferenceSession.create(buildDecoderGraph(shape, batchShape), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Waiting threads sleep instead of spinning: the machine is shared.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    return new Trainer(session, shape, batchShape, parameters);
  }

  async train(batch: Batch, learningRate: number): Promise<number> {
    const { loss, gradients } = await this.gradients(batch);
    this.optimiser.step(gradients, learningRate);
    return loss;
  }

  async loss(batch: Batch): Promise<number> {
    const outputs = await this.session.run(this.feeds(batch), ['loss']);
    return floats(outputs, 'loss')[0];
  }

  async gradients(batch: Batch): Promise<LossAndGradients> {
    const outputs = await this.session.run(this.feeds(batch));
    const gradients: Parameters = new Map();
    for (const name of parameterDims(this.shape).keys()) {
      gradients.set(name, floats(outputs, `d:${name}`));
    }
    this.scatterIntoEmbedding(gradients, floats(outputs, 'd:embedded'), batch);
    return { loss: floats(outputs, 'loss')[0], gradients };
  }

  /** The embedding is used twice, as input table and as head; its gradients add up. */
  private scatterIntoEmbedding(gradients: Parameters, embedded: Float32Array, batch: Batch): void {
    const table = gradients.get('token_embd');
    if (table === undefined) throw new Error('the graph returned no embedding gradient');
    const { width } = this.shape;
    for (let position = 0; position < batch.ids.length; position++) {
      const row = Number(batch.ids[position]) * width;
      for (let i = 0; i < width; i++) table[row + i] += embedded[position * width + i];
    }
  }

  private feeds(batch: Batch): Record<string, ort.Tensor> {
    const { rows, length, answerSlots } = this.batchShape;
    const biasDims = [rows, 1, length, length];
    return {
      ...this.parameterFeeds,
      ids: new ort.Tensor('int64', batch.ids, [rows * length]),
      attention_bias: new ort.Tensor('float32', batch.attentionBias, biasDims),
      answer_positions: new ort.Tensor('int64', batch.answerPositions, [answerSlots]),
      answer_slots: new ort.Tensor('int64', batch.answerSlots, [rows * length]),
      targets: new ort.Tensor('int64', batch.targets, [answerSlots, 1]),
      weights: new ort.Tensor('float32', batch.weights, [answerSlots, 1]),
    };
  }
}

function floats(outputs: ort.InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const data = (outputs[name] as ort.Tensor | undefined)?.data;
  if (!(data instanceof Float32Array)) throw new Error(`output ${name} is not a float tensor`);
  return data;
}
