import { canonicalJson } from '@sekisho/proof';
import type { Json } from '@sekisho/proof';
import { edgeIntegers } from './format-tokens.ts';
import type { Choices } from './random-choices.ts';

/**
 * Changes one value of a JSON text and writes it again, mostly in canonical form, so that the change
 * gets past the parser to whoever trusts it. Other bytes stay as they are.
 */
export function mutatedJson(input: Uint8Array, choices: Choices): Uint8Array {
  // A text that is no JSON is the usual case of other formats, and cheap to tell.
  if (input[0] !== 0x7b && input[0] !== 0x5b) return input;
  try {
    const changed = changedValue(JSON.parse(Buffer.from(input).toString('utf8')) as Json, choices, 0);
    if (choices.chance(8)) return Buffer.from(JSON.stringify(changed, null, choices.below(3)), 'utf8');
    return canonicalJson(changed);
  } catch {
    return input;
  }
}

const DEPTH_MAX = 70;
const names = [
  '__proto__',
  '__proto__',
  '__proto__',
  '__proto__',
  'constructor',
  'toString',
  'toJSON',
  'length',
  '',
  '0',
  '10',
  '9',
  'kind',
  'tenant',
  '名',
];
const strings = [
  '',
  ' ',
  '\u0000',
  '\n',
  'a'.repeat(300),
  '__proto__',
  '住民',
  '\ud83d\ude00',
  '\u2028',
  'AA==',
  '/',
];

function changedValue(value: Json, choices: Choices, depth: number): Json {
  if (value === null || typeof value !== 'object' || depth > DEPTH_MAX || choices.chance(6)) {
    return anotherValue(value, choices);
  }
  if (Array.isArray(value)) {
    const items: Json[] = [...value];
    const at = choices.below(items.length);
    const item = items[at];
    const change = choices.below(4);
    if (item === undefined || change === 0) items.splice(at, choices.below(2), item ?? choices.below(9));
    else if (change === 1) items.splice(choices.below(items.length), 0, item);
    else items[at] = changedValue(item, choices, depth + 1);
    return items;
  }
  const properties = Object.entries(value);
  const at = choices.below(properties.length);
  const [name = '', property = null] = properties[at] ?? [];
  if (choices.chance(5))
    properties.push([choices.pick(names), choices.chance(2) ? property : anotherValue(property, choices)]);
  else if (choices.chance(6)) properties.splice(at, 1);
  else if (choices.chance(8)) properties[at] = [choices.pick(names), property];
  else properties[at] = [name, changedValue(property, choices, depth + 1)];
  // Unlike an assignment this makes an own property of `__proto__` too, as JSON.parse does.
  return Object.fromEntries(properties);
}

function anotherValue(value: Json, choices: Choices): Json {
  const kind = choices.below(10);
  if (kind < 4 && typeof value === 'number') {
    return choices.chance(2) ? choices.pick(edgeIntegers) : value + choices.below(5) - 2;
  }
  if (kind < 6 && typeof value === 'string') {
    const at = choices.below(value.length);
    const letter = choices.pick('0179afAZ/+=-_ .\n'.split(''));
    return choices.chance(3)
      ? value.slice(0, at)
      : value.slice(0, at) + letter + value.slice(at + choices.below(2));
  }
  if (kind === 6) return nested(choices, value);
  if (kind === 7) return choices.pick([null, true, false]);
  return choices.chance(2) ? choices.pick(strings) : choices.pick(edgeIntegers);
}

function nested(choices: Choices, inside: Json): Json {
  let value = inside;
  for (let depth = choices.length(DEPTH_MAX); depth > 0; depth--)
    value = choices.chance(2) ? [value] : { a: value };
  return value;
}
