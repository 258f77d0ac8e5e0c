/**
 * Writes GGUF version 3, little endian.
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { halfFloatBits } from './half-float.ts';

export type MetadataValue =
  | { type: 'u32'; value: number }
  | { type: 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'f32s'; value: readonly number[] }
  | { type: 'i32s'; value: readonly number[] };

export interface GgufTensor {
  name: string;
  /** Row-major dimensions, outermost first; the file stores them innermost first. */
  dims: readonly number[];
  data: Float32Array;
  type: 'f32' | 'f16';
}

const ALIGNMENT = 32;
const VALUE_TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPE = { f32: 0, f16: 1 } as const;

export function encodeGguf(
  metadata: ReadonlyMap<string, MetadataValue>,
  tensors: readonly GgufTensor[],
): Buffer {
  const header = new LittleEndianWriter();
  header.raw(Buffer.from('GGUF')).u32(3).u64(tensors.length).u64(metadata.size);
  for (const [key, value] of metadata) writeMetadata(header.string(key), value);
  const bodies = tensors.map(encodeBody);
  let offset = 0;
  tensors.forEach((tensor, index) => {
    header.string(tensor.name).u32(tensor.dims.length);
    for (const dim of tensor.dims.toReversed()) header.u64(dim);
    header.u32(TENSOR_TYPE[tensor.type]).u64(offset);
    offset += aligned(bodies[index].length);
  });
  return Buffer.concat([padded(header.bytes()), ...bodies.map(padded)]);
}

function writeMetadata(writer: LittleEndianWriter, metadata: MetadataValue): void {
  switch (metadata.type) {
    case 'u32':
      writer.u32(VALUE_TYPE.u32).u32(metadata.value);
      return;
    case 'f32':
      writer.u32(VALUE_TYPE.f32).f32(metadata.value);
      return;
    case 'bool':
      writer.u32(VALUE_TYPE.bool).raw(Buffer.of(metadata.value ? 1 : 0));
      return;
    case 'string':
      writer.u32(VALUE_TYPE.string).string(metadata.value);
      return;
    case 'strings':
      writer.u32(VALUE_TYPE.array).u32(VALUE_TYPE.string).u64(metadata.value.length);
      for (const item of metadata.value) writer.string(item);
      return;
    case 'f32s':
      writer.u32(VALUE_TYPE.array).u32(VALUE_TYPE.f32).u64(metadata.value.length);
      for (const item of metadata.value) writer.f32(item);
      return;
    case 'i32s':
      writer.u32(VALUE_TYPE.array).u32(VALUE_TYPE.i32).u64(metadata.value.length);
      for (const item of metadata.value) writer.i32(item);
      return;
  }
}

function encodeBody({ type, data }: GgufTensor): Buffer {
  if (type === 'f32') return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(Uint16Array.from(data, halfFloatBits).buffer);
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}

class LittleEndianWriter {
  private readonly chunks: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  raw(bytes: Buffer): this {
    this.chunks.push(bytes);
    return this;
  }

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.raw(bytes);
  }

  i32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.raw(bytes);
  }

  u64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.raw(bytes);
  }

  f32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.raw(bytes);
  }

  string(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    return this.u64(bytes.length).raw(bytes);
  }
}
