import type { Detector, Finding } from './detector.ts';

/** What a screen lets through, with what it found in it; positions are those in `text`. */
export interface ScreenedText {
  readonly text: string;
  readonly findings: readonly Finding[];
}

/** Looks through one text that comes in pieces. */
export interface TextScreening {
  push(piece: string): ScreenedText;
  /** What is left when no piece comes any more. */
  end(): ScreenedText;
}

/** Findings of several detectors in order; where two overlap, the detector named first wins. */
export function findAll(detectors: readonly Detector[], text: string): Finding[] {
  const taken: Finding[] = [];
  for (const detector of detectors) {
    const { kind } = detector;
    for (const span of detector.find(text)) {
      if (!taken.some((other) => span.start < other.end && other.start < span.end))
        taken.push({ kind, ...span });
    }
  }
  return taken.sort((a, b) => a.start - b.start);
}

/** Text that was let through stays this long, so that a match sees what stands before it. */
const CONTEXT_LENGTH = 64;

/**
 * Looks through a text that comes in pieces. It lets through what no later piece can turn into a match,
 * so that whatever is found is found whole, wherever the pieces were cut. What it holds is bounded by
 * the detectors' longest match.
 */
export class TextScreen implements TextScreening {
  readonly #detectors: readonly Detector[];
  #context = '';
  #held = '';

  constructor(detectors: readonly Detector[]) {
    this.#detectors = detectors;
  }

  push(piece: string): ScreenedText {
    this.#held += piece;
    const whole = this.#context + this.#held;
    const settled = Math.min(whole.length, ...this.#detectors.map((detector) => detector.holdFrom(whole)));
    return this.#release(Math.max(settled, this.#context.length));
  }

  /** What is left when no piece comes any more. */
  end(): ScreenedText {
    return this.#release(this.#context.length + this.#held.length);
  }

  #release(upTo: number): ScreenedText {
    const whole = this.#context + this.#held;
    const offset = this.#context.length;
    // A match is let through whole or not at all.
    const found = findAll(this.#detectors, whole).filter(({ end }) => end > offset);
    const cut = found.find(({ start, end }) => start < upTo && end > upTo);
    const end = cut === undefined ? upTo : Math.max(offset, cut.start);
    const findings = found
      .filter((finding) => finding.end <= end && finding.start >= offset)
      .map((finding) => ({ ...finding, start: finding.start - offset, end: finding.end - offset }));
    const text = whole.slice(offset, end);
    this.#context = whole.slice(Math.max(0, end - CONTEXT_LENGTH), end);
    this.#held = whole.slice(end);
    return { text, findings };
  }
}
