import { printable } from '../printable-text.ts';

/** Markup that was written here, not by a log. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Markup | readonly Part[];

/**
 * Markup from a template: every text in it is taken as hostile and escaped, for elements and for quoted
 * attributes alike. Characters that turn the direction of writing are shown by their number.
 */
export function html(markup: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(String.raw({ raw: markup }, ...parts.map(markupOf)));
}

function markupOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return printable(String(part)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
