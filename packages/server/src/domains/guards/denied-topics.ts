import type { DeniedTopic } from '@sekisho/contract';
import type { Detector, Span } from './detector.ts';
import { foldWithPlaces } from './plain-form.ts';

/** A phrase with as many spaces and invisible characters within as somebody may put there. */
const HELD_LENGTH_MAX = 1024;

/** A state of the automaton of Aho and Corasick (1975): what has been read of some phrases. */
interface State {
  readonly next: Map<string, State>;
  readonly depth: number;
  /** Where to go on when no phrase goes on from here: the longest end of this that begins a phrase. */
  fallback: State | undefined;
  /** The longest phrase that ends here. */
  phraseLength: number;
}

/**
 * Finds the phrases of some topics in any width, case, kana and spacing, in one pass however many they
 * are. A phrase that begins or ends with a Latin letter or a digit matches whole words only.
 */
export function deniedTopicsDetector(topics: readonly DeniedTopic[]): Detector {
  const start = automatonOf(topics.flatMap(({ anyOf }) => anyOf));
  return {
    kind: 'denied-topic',
    find: (text) => search(start, text).spans,
    holdFrom: (text) => search(start, text).openFrom,
  };
}

function search(
  root: State,
  original: string,
): { readonly spans: readonly Span[]; readonly openFrom: number } {
  const { text, at } = foldWithPlaces(original);
  const spans: Span[] = [];
  let state = root;
  let before = root;
  for (let index = 0; index < text.length; index++) {
    before = state;
    state = stepFrom(state, text.charAt(index));
    for (let found: State | undefined = state; found !== undefined; found = found.fallback) {
      if (found.phraseLength === 0) continue;
      const from = index + 1 - found.phraseLength;
      const span = { start: at[from] ?? 0, end: endOf(original, at[index] ?? 0) };
      const free = spans.at(-1)?.end ?? 0;
      if (span.start >= free && isWhole(original, span)) spans.push(span);
    }
  }
  // A sound mark that follows may make another letter of the last one.
  const depth = HALF_WIDTH_KANA.test(original) ? Math.max(state.depth, before.depth + 1) : state.depth;
  const open = depth === 0 ? original.length : (at[text.length - depth] ?? 0);
  return { spans, openFrom: Math.max(open, original.length - HELD_LENGTH_MAX) };
}

const HALF_WIDTH_KANA = /[\uff66-\uff9d]$/;

function stepFrom(from: State, character: string): State {
  for (let state: State | undefined = from; ; state = state.fallback) {
    const next = state.next.get(character);
    if (next !== undefined) return next;
    if (state.fallback === undefined) return state;
  }
}

function endOf(original: string, start: number): number {
  return start + ((original.codePointAt(start) ?? 0) > 0xffff ? 2 : 1);
}

/** A Latin word goes on where a letter or digit stands next to one. */
function isWhole(text: string, { start, end }: Span): boolean {
  const splits = (at: number): boolean => LATIN.test(text.charAt(at - 1)) && LATIN.test(text.charAt(at));
  return !splits(start) && !splits(end);
}

const LATIN = /[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]/;

function automatonOf(phrases: readonly string[]): State {
  const root: State = { next: new Map(), depth: 0, fallback: undefined, phraseLength: 0 };
  for (const phrase of phrases) {
    const { text } = foldWithPlaces(phrase);
    let state = root;
    for (const character of text.split('')) {
      const known = state.next.get(character);
      const next = known ?? { next: new Map(), depth: state.depth + 1, fallback: root, phraseLength: 0 };
      state.next.set(character, next);
      state = next;
    }
    state.phraseLength = state.depth;
  }
  // Breadth first: the fallback of a state is nearer to the root than the state.
  const waiting = [...root.next.values()];
  for (const state of waiting) {
    for (const [character, next] of state.next) {
      next.fallback = stepFrom(state.fallback ?? root, character);
      waiting.push(next);
    }
  }
  return root;
}
