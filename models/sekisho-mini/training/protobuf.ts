/**
 * Writes protocol buffer messages: the few wire types that an ONNX file needs.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufMessage {
  private readonly chunks: Uint8Array[] = [];

  /** A varint field (wire type 0): integers, enums, booleans. */
  integer(field: number, value: number): this {
    return this.key(field, 0).varint(value);
  }

  /** A 32-bit field (wire type 5). */
  float(field: number, value: number): this {
    this.key(field, 5);
    this.chunks.push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  /** A length-delimited field (wire type 2). */
  bytes(field: number, value: Uint8Array): this {
    this.key(field, 2).varint(value.length);
    this.chunks.push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.encode());
  }

  encode(): Uint8Array {
    return Buffer.concat(this.chunks);
  }

  private key(field: number, wireType: number): this {
    return this.varint((field << 3) | wireType);
  }

  private varint(value: number): this {
    const bytes: number[] = [];
    // Negative integers are sign-extended to 64 bits, as int64 fields require.
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.chunks.push(Uint8Array.from(bytes));
    return this;
  }
}
