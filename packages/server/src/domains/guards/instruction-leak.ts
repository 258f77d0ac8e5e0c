import { foldCharacter } from './plain-form.ts';
import type { ScreenedText, TextScreening } from './text-screen.ts';
import type { Finding } from './detector.ts';

/** An answer that shares as many characters in a row with the instructions repeats them. */
export const LEAK_LENGTH = 40;
/** Shorter runs tell how much of the end of an answer may still grow into a leak. */
const HINT_LENGTH = 8;
/** Instructions beyond are not looked for: characters after folding, all messages together. */
const INSTRUCTIONS_LENGTH_MAX = 256 * 1024;

/** What the instructions of one crossing say, so that answers can be compared with them. */
export class InstructionRuns {
  readonly #runs = new Set<string>();
  readonly #hints = new Set<string>();

  constructor(instructions: readonly string[]) {
    let left = INSTRUCTIONS_LENGTH_MAX;
    for (const instruction of instructions) {
      const folded = instruction
        .slice(0, 2 * left)
        .split('')
        .map(foldedUnit)
        .join('')
        .slice(0, left);
      left -= folded.length;
      if (folded.length < LEAK_LENGTH) continue;
      for (let at = 0; at + HINT_LENGTH <= folded.length; at++) {
        this.#hints.add(folded.slice(at, at + HINT_LENGTH));
        if (at + LEAK_LENGTH <= folded.length) this.#runs.add(folded.slice(at, at + LEAK_LENGTH));
      }
    }
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0;
  }

  hasRun(text: string): boolean {
    return this.#runs.has(text);
  }

  hasHint(text: string): boolean {
    return this.#hints.has(text);
  }
}

/** Unit by unit, so that it does not matter where a text is cut. Halves of a surrogate pair stay. */
function foldedUnit(unit: string): string {
  return /[\ud800-\udfff]/.test(unit) ? unit : foldCharacter(unit);
}

/**
 * Looks through an answer that comes in pieces. A run of {@link LEAK_LENGTH} characters of the instructions is
 * a finding from its first character on, and grows as long as the answer goes on repeating them; what goes on
 * in a later piece is marked as such. Held back is only what may still become such a run.
 */
export class InstructionLeakScreen implements TextScreening {
  readonly #runs: InstructionRuns;
  /** Units not let through yet, as they came and folded, with whether each is part of a leak. */
  #held: { readonly raw: string; readonly folded: string; isLeak: boolean }[] = [];
  /** The end of what has been read, folded: at most {@link LEAK_LENGTH} characters. */
  #tail = '';
  /** How many folded characters at the end might be a run of the instructions. */
  #likely = 0;
  /** Whether the unit let through last was part of a leak. */
  #wasLeak = false;

  constructor(runs: InstructionRuns) {
    this.#runs = runs;
  }

  push(piece: string): ScreenedText {
    if (this.#runs.isEmpty) return { text: piece, findings: [] };
    for (const raw of piece.split('')) this.#read(raw);
    return this.#release(this.#settled());
  }

  end(): ScreenedText {
    return this.#release(this.#held.length);
  }

  #read(raw: string): void {
    const folded = foldedUnit(raw);
    this.#held.push({ raw, folded, isLeak: false });
    for (const character of folded.split('')) {
      this.#tail = (this.#tail + character).slice(-LEAK_LENGTH);
      const hint = this.#tail.slice(-HINT_LENGTH);
      const goesOn = hint.length === HINT_LENGTH && this.#runs.hasHint(hint);
      this.#likely = goesOn
        ? Math.max(this.#likely + 1, HINT_LENGTH)
        : Math.min(this.#likely, HINT_LENGTH - 1);
    }
    if (folded !== '' && this.#tail.length === LEAK_LENGTH && this.#runs.hasRun(this.#tail)) this.#markRun();
  }

  /** The units of the last {@link LEAK_LENGTH} folded characters, and what stands between them. */
  #markRun(): void {
    let left = LEAK_LENGTH;
    for (let at = this.#held.length - 1; at >= 0 && left > 0; at--) {
      const unit = this.#held[at];
      if (unit === undefined) break;
      unit.isLeak = true;
      left -= unit.folded.length;
    }
  }

  /** How many of the held units nothing that follows can make part of a leak. */
  #settled(): number {
    let open = Math.min(Math.max(this.#likely, HINT_LENGTH - 1), LEAK_LENGTH - 1);
    let at = this.#held.length;
    while (at > 0 && open > 0) {
      at--;
      open -= this.#held[at]?.folded.length ?? 0;
    }
    return at;
  }

  #release(count: number): ScreenedText {
    const passing = this.#held.splice(0, count);
    const findings: Finding[] = [];
    let text = '';
    let start = 0;
    const close = (): void => {
      const goesOn = start === 0 && this.#wasLeak;
      findings.push({ kind: 'instruction-leak', start, end: text.length, goesOn });
    };
    let isLeak = false;
    for (const unit of passing) {
      if (unit.isLeak && !isLeak) start = text.length;
      if (!unit.isLeak && isLeak) close();
      isLeak = unit.isLeak;
      text += unit.raw;
    }
    if (isLeak) close();
    if (passing.length > 0) this.#wasLeak = isLeak;
    return { text, findings };
  }
}
