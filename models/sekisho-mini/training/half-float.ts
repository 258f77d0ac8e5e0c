const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16 bits of a number, rounded to nearest even. */
export function halfFloatBits(value: number): number {
  float[0] = value;
  const source = bits[0];
  const sign = (source >>> 16) & 0x8000;
  const exponent = ((source >>> 23) & 0xff) - 127 + 15;
  const mantissa = source & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent >= 1) {
    const half = (exponent << 10) | (mantissa >>> 13);
    return sign | (half + roundsUp(mantissa, 13, half));
  }
  if (exponent < -10) return sign;
  // Subnormal: the implicit leading bit becomes explicit.
  const shift = 14 - exponent;
  const half = (mantissa | 0x800000) >>> shift;
  return sign | (half + roundsUp(mantissa | 0x800000, shift, half));
}

function roundsUp(mantissa: number, droppedBits: number, half: number): 0 | 1 {
  const rest = mantissa & ((1 << droppedBits) - 1);
  const tie = 1 << (droppedBits - 1);
  return rest > tie || (rest === tie && half % 2 === 1) ? 1 : 0;
}
