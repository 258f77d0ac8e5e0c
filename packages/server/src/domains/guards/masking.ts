import type { Finding, SpanKind } from './detector.ts';
import { tailOf } from './detector.ts';

/** `[[my-number-1]]`: what a model sees in place of what was found. */
const PLACEHOLDER = /\[\[([a-z-]{1,20})-([1-9]\d{0,4})\]\]/g;
const PLACEHOLDER_LENGTH_MAX = 32;
const MASKED_MAX = 10_000;

/**
 * Puts placeholders in place of findings, the same for the same text, and puts the texts back in the
 * answer. It lives as long as one crossing, in memory only.
 */
export class Masking {
  readonly #placeholders = new Map<string, string>();
  readonly #originals = new Map<string, string>();
  readonly #counts = new Map<SpanKind, number>();

  get isEmpty(): boolean {
    return this.#originals.size === 0;
  }

  /** Throws a RangeError where there is more to mask than a crossing may hold. */
  mask(text: string, findings: readonly Finding[]): string {
    let masked = '';
    let at = 0;
    for (const { kind, start, end } of findings) {
      masked += text.slice(at, start) + this.#placeholderOf(kind, text.slice(start, end));
      at = end;
    }
    return masked + text.slice(at);
  }

  /** Placeholders of this crossing become what they stand for; any other text that looks like one stays. */
  restore(text: string): string {
    return text.replaceAll(PLACEHOLDER, (placeholder) => this.#originals.get(placeholder) ?? placeholder);
  }

  #placeholderOf(kind: SpanKind, original: string): string {
    const known = this.#placeholders.get(`${kind}:${original}`);
    if (known !== undefined) return known;
    if (this.#originals.size >= MASKED_MAX) throw new RangeError(`more than ${MASKED_MAX} texts to mask`);
    const count = (this.#counts.get(kind) ?? 0) + 1;
    const placeholder = `[[${kind}-${count}]]`;
    this.#counts.set(kind, count);
    this.#placeholders.set(`${kind}:${original}`, placeholder);
    this.#originals.set(placeholder, original);
    return placeholder;
  }
}

/** From where on the end of a text may be the beginning of a placeholder. */
function placeholderHoldFrom(text: string): number {
  const begun = text.lastIndexOf('[[');
  const isOpen = begun >= 0 && text.length - begun <= PLACEHOLDER_LENGTH_MAX && !text.includes(']]', begun);
  return isOpen ? begun : tailOf(text, 1, (character) => character === '[');
}

/** Restores placeholders in a text that comes in pieces, wherever they are cut. */
export class RestoringStream {
  readonly #masking: Masking;
  #held = '';

  constructor(masking: Masking) {
    this.#masking = masking;
  }

  push(piece: string): string {
    const whole = this.#held + piece;
    const upTo = placeholderHoldFrom(whole);
    this.#held = whole.slice(upTo);
    return this.#masking.restore(whole.slice(0, upTo));
  }

  end(): string {
    const rest = this.#masking.restore(this.#held);
    this.#held = '';
    return rest;
  }
}
