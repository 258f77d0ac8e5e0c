import { edgeIntegers, formatTokens } from './format-tokens.ts';
import { mutatedJson } from './json-mutations.ts';
import type { Choices } from './random-choices.ts';

/** Changes bytes without knowing their format. `others` is the corpus, to cross with. */
export type Mutation = (input: Uint8Array, choices: Choices, others: readonly Uint8Array[]) => Uint8Array;

/** A few changes, one after the other, and never longer than `bytesMax`. */
export function mutated(
  input: Uint8Array,
  choices: Choices,
  others: readonly Uint8Array[],
  bytesMax: number,
): Uint8Array {
  let bytes = input;
  for (let changes = choices.length(6); changes > 0; changes--) {
    bytes = choices.pick(mutations)(bytes, choices, others).subarray(0, bytesMax);
  }
  return bytes;
}

const mutations: readonly Mutation[] = [
  flippedBit,
  flippedBit,
  changedByte,
  changedDigit,
  removedSpan,
  repeatedSpan,
  movedSpan,
  insertedToken,
  insertedToken,
  replacedByToken,
  changedInteger,
  changedNumber,
  truncated,
  crossed,
  changedLines,
  brokenUtf8,
  randomBytes,
  mutatedJson,
  mutatedJson,
];

function flippedBit(input: Uint8Array, choices: Choices): Uint8Array {
  const at = choices.below(input.length);
  const byte = input[at];
  return byte === undefined ? input : Uint8Array.from(input).with(at, byte ^ (1 << choices.below(8)));
}

function changedByte(input: Uint8Array, choices: Choices): Uint8Array {
  return input.length === 0
    ? choices.bytes(1)
    : input.with(choices.below(input.length), choices.word() & 0xff);
}

/** One letter or digit for another: stays what it was, in text and base64. */
function changedDigit(input: Uint8Array, choices: Choices): Uint8Array {
  const at = choices.below(input.length);
  const before = String.fromCharCode(input[at] ?? 0);
  const kind = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((letters) =>
    letters.includes(before),
  );
  return kind === undefined ? input : input.with(at, kind.charCodeAt(choices.below(kind.length)));
}

function span(input: Uint8Array, choices: Choices): { readonly from: number; readonly to: number } {
  const from = choices.below(input.length + 1);
  return { from, to: Math.min(input.length, from + choices.length(Math.max(1, input.length))) };
}

function spliced(input: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  return Buffer.concat([input.subarray(0, from), piece, input.subarray(to)]);
}

function removedSpan(input: Uint8Array, choices: Choices): Uint8Array {
  const { from, to } = span(input, choices);
  return spliced(input, from, to, new Uint8Array(0));
}

function repeatedSpan(input: Uint8Array, choices: Choices): Uint8Array {
  const { from, to } = span(input, choices);
  const piece = input.subarray(from, to);
  const times = choices.chance(8) ? choices.length(64) : 1;
  return spliced(input, to, to, Buffer.concat(Array.from({ length: times }, () => piece)));
}

function movedSpan(input: Uint8Array, choices: Choices): Uint8Array {
  const { from, to } = span(input, choices);
  const without = spliced(input, from, to, new Uint8Array(0));
  const at = choices.below(without.length + 1);
  return spliced(without, at, at, input.subarray(from, to));
}

function insertedToken(input: Uint8Array, choices: Choices): Uint8Array {
  const at = choices.below(input.length + 1);
  return spliced(input, at, at, choices.pick(formatTokens));
}

function replacedByToken(input: Uint8Array, choices: Choices): Uint8Array {
  const token = choices.pick(formatTokens);
  const at = choices.below(input.length + 1);
  return spliced(input, at, Math.min(input.length, at + token.length), token);
}

/** A binary integer of 1, 2, 4 or 8 bytes, either way round: what is a length becomes another. */
function changedInteger(input: Uint8Array, choices: Choices): Uint8Array {
  const width = choices.pick([1, 2, 4, 8]);
  if (input.length < width) return input;
  const bytes = Buffer.from(input);
  const at = choices.below(input.length - width + 1);
  const integer = Buffer.alloc(8);
  if (choices.chance(3)) {
    // A little more or less than what stood there.
    const before = BigInt(`0x${bytes.subarray(at, at + width).toString('hex')}`);
    integer.writeBigUInt64BE(BigInt.asUintN(64, before + BigInt(choices.below(9) - 4)));
  } else integer.writeBigInt64BE(BigInt(choices.pick(edgeIntegers)));
  const piece = integer.subarray(8 - width);
  if (choices.chance(4)) piece.reverse();
  piece.copy(bytes, at);
  return bytes;
}

/** A decimal number becomes another. */
function changedNumber(input: Uint8Array, choices: Choices): Uint8Array {
  const text = Buffer.from(input).toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return input;
  const { 0: number, index } = choices.pick(numbers);
  const next = choices.chance(2) ? choices.pick(edgeIntegers) : Number(number) + choices.below(5) - 2;
  return spliced(input, index, index + number.length, Buffer.from(String(next), 'latin1'));
}

function truncated(input: Uint8Array, choices: Choices): Uint8Array {
  return choices.chance(2)
    ? input.subarray(0, choices.below(input.length + 1))
    : input.subarray(0, Math.max(0, input.length - 1 - choices.below(3)));
}

function crossed(input: Uint8Array, choices: Choices, others: readonly Uint8Array[]): Uint8Array {
  const other = choices.pick(others);
  const { from, to } = span(other, choices);
  const at = choices.below(input.length + 1);
  if (choices.chance(2)) return spliced(input, at, input.length, other.subarray(from));
  return spliced(input, at, at + choices.below(input.length - at + 1), other.subarray(from, to));
}

/** Lines change places, come twice, or go. */
function changedLines(input: Uint8Array, choices: Choices): Uint8Array {
  const lines = Buffer.from(input).toString('latin1').split('\n');
  const at = choices.below(lines.length);
  const [line = ''] = choices.chance(3) ? lines.slice(at, at + 1) : lines.splice(at, 1);
  if (!choices.chance(3)) lines.splice(choices.below(lines.length + 1), 0, line);
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** The middle of a character goes. */
function brokenUtf8(input: Uint8Array, choices: Choices): Uint8Array {
  const beyondAscii = [...input.keys()].filter((at) => (input[at] ?? 0) > 0x7f);
  if (beyondAscii.length === 0) return insertedToken(input, choices);
  const at = choices.pick(beyondAscii);
  return spliced(input, at, at + 1, new Uint8Array(0));
}

function randomBytes(input: Uint8Array, choices: Choices): Uint8Array {
  const { from, to } = span(input, choices);
  return spliced(input, from, to, choices.bytes(choices.length(64)));
}
