/** Several files as one input: `u32 length ‖ bytes` each. */
export function packed(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

/** At most `count` files; a length that says too much takes what is there. */
export function unpacked(input: Uint8Array, count: number): Uint8Array[] {
  const bytes = Buffer.from(input);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length && parts.length < count) {
    const length = Math.min(bytes.readUInt32BE(at), bytes.length - at - 4);
    parts.push(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return parts;
}
