/**
 * Prompt phrasings. `{a|b|}` chooses one alternative (an empty one is allowed), `$name` is a slot.
 * A template is one phrasing with its alternatives; two templates are the same if any of their
 * expansions are.
 */
import type { Random } from './random.ts';

const CHOICE = /\{([^{}]*)\}/;

/** One expansion, slots filled. */
export function phrase(random: Random, template: string, slots: Record<string, string> = {}): string {
  let text = template;
  for (let match = CHOICE.exec(text); match; match = CHOICE.exec(text)) {
    text = text.replace(match[0], random.pick(match[1].split('|')));
  }
  return fillSlots(text, slots);
}

/** Every expansion, slots left as they are. */
export function expansions(template: string): string[] {
  const match = CHOICE.exec(template);
  if (!match) return [template];
  return match[1].split('|').flatMap((choice) => expansions(template.replace(match[0], choice)));
}

function fillSlots(text: string, slots: Record<string, string>): string {
  return text.replace(/\$([a-z]+)/g, (whole, name: string) => slots[name] ?? whole);
}
