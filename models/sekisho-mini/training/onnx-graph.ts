/**
 * Builds an ONNX model in memory: nodes, constants, inputs, outputs.
 * Field numbers come from onnx/onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto).
 */
import { ProtobufMessage } from './protobuf.ts';

/** The name of one value (an edge) of the graph. */
export type Value = string;

export type ElementType = 'float32' | 'int64';

type Attributes = Record<string, number | readonly number[]>;

const ELEMENT_TYPE_CODES: Record<ElementType, number> = { float32: 1, int64: 7 };
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const IR_VERSION = 8;
const OPSET_VERSION = 17;

export class OnnxGraph {
  private readonly graph = new ProtobufMessage();
  private readonly constantsByContent = new Map<string, Value>();
  private valueCount = 0;

  /** Adds an operator with one output and returns that output. */
  node(operator: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const output = this.freshName();
    this.addNode(operator, inputs, output, attributes);
    return output;
  }

  input(name: string, type: ElementType, dims: readonly number[]): Value {
    this.graph.message(11, valueInfo(name, type, dims));
    return name;
  }

  /** Publishes a float value under a chosen name. */
  output(value: Value, name: string, dims: readonly number[]): void {
    this.addNode('Identity', [value], name, {});
    this.graph.message(12, valueInfo(name, 'float32', dims));
  }

  scalar(value: number): Value {
    return this.floats([], Float32Array.of(value));
  }

  integers(...values: number[]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant('int64', [values.length], data, `i:${values.join()}`);
  }

  floats(dims: readonly number[], data: Float32Array): Value {
    const key = data.length === 1 ? `f:${dims.join()}:${data[0]}` : undefined;
    return this.constant('float32', dims, data, key);
  }

  /** The serialized ModelProto. */
  encode(): Uint8Array {
    this.graph.text(2, 'train');
    return new ProtobufMessage()
      .integer(1, IR_VERSION)
      .message(7, this.graph)
      .message(8, new ProtobufMessage().text(1, '').integer(2, OPSET_VERSION))
      .encode();
  }

  private addNode(operator: string, inputs: readonly Value[], output: Value, attributes: Attributes): void {
    const node = new ProtobufMessage();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, `node_${output}`).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) {
      const attribute = new ProtobufMessage().text(1, name);
      if (typeof value === 'number') {
        attribute.integer(3, value).integer(20, ATTRIBUTE_INT);
      } else {
        for (const item of value) attribute.integer(8, item);
        attribute.integer(20, ATTRIBUTE_INTS);
      }
      node.message(5, attribute);
    }
    this.graph.message(1, node);
  }

  private constant(
    type: ElementType,
    dims: readonly number[],
    data: Float32Array | BigInt64Array,
    key: string | undefined,
  ): Value {
    const known = key === undefined ? undefined : this.constantsByContent.get(key);
    if (known !== undefined) return known;
    const name = this.freshName();
    const tensor = new ProtobufMessage();
    for (const dim of dims) tensor.integer(1, dim);
    tensor
      .integer(2, ELEMENT_TYPE_CODES[type])
      .text(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.graph.message(5, tensor);
    if (key !== undefined) this.constantsByContent.set(key, name);
    return name;
  }

  private freshName(): Value {
    return `v${this.valueCount++}`;
  }
}

function valueInfo(name: string, type: ElementType, dims: readonly number[]): ProtobufMessage {
  const shape = new ProtobufMessage();
  for (const dim of dims) shape.message(1, new ProtobufMessage().integer(1, dim));
  const tensorType = new ProtobufMessage().integer(1, ELEMENT_TYPE_CODES[type]).message(2, shape);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensorType));
}
