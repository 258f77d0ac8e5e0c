import type { GuardAction, GuardKind, GuardRule, GuardVerdict } from '@sekisho/contract';
import type { Detector, Finding } from './detector.ts';
import { Masking, RestoringStream } from './masking.ts';
import { myNumberDetector } from './my-number.ts';
import {
  creditCardDetector,
  emailAddressDetector,
  passportNumberDetector,
  phoneNumberDetector,
  postalAddressDetector,
} from './personal-data.ts';
import { apiKeyDetector, privateKeyDetector } from './secrets.ts';
import { TextScreen, findAll } from './text-screen.ts';

const detectorsOf: Readonly<Record<GuardKind, readonly Detector[]>> = {
  'my-number': [myNumberDetector],
  secrets: [privateKeyDetector, apiKeyDetector],
  'personal-data': [
    creditCardDetector,
    phoneNumberDetector,
    emailAddressDetector,
    passportNumberDetector,
    postalAddressDetector,
  ],
};

/** The rules of one direction, in the order in which they look. */
type Rules = readonly { readonly guard: GuardKind; readonly action: GuardAction }[];

/** What the rules of a request came to. */
export interface GuardedRequest {
  readonly verdicts: readonly GuardVerdict[];
  readonly isBlocked: boolean;
  /** The texts to carry, in the order in which they came. */
  readonly texts: readonly string[];
  /** Puts back in the answer what was masked here. */
  readonly masking: Masking;
}

/** The guards of one workspace. Made once for a platform revision; holds nothing of any request. */
export class GuardChain {
  readonly #request: Rules;
  readonly #answer: Rules;

  constructor(rules: readonly GuardRule[]) {
    this.#request = rules.filter(({ on }) => on.includes('request'));
    this.#answer = rules.filter(({ on }) => on.includes('answer'));
  }

  get looksAtRequests(): boolean {
    return this.#request.length > 0;
  }

  get looksAtAnswers(): boolean {
    return this.#answer.length > 0;
  }

  judgeRequest(texts: readonly string[]): GuardedRequest {
    const masking = new Masking();
    const tally = new Tally(this.#request);
    let passing = texts;
    for (const { guard, action } of this.#request) {
      passing = passing.map((text) => {
        const findings = findAll(detectorsOf[guard], text);
        tally.add(guard, findings.length);
        return action === 'mask' && findings.length > 0 ? masking.mask(text, findings) : text;
      });
    }
    return { verdicts: tally.verdicts(), isBlocked: tally.isBlocked, texts: passing, masking };
  }

  screenAnswer(masking: Masking): AnswerScreen {
    return new AnswerScreen(this.#answer, masking);
  }
}

/** Looks at an answer's texts, whole or piece by piece, and puts back what the request had masked. */
export class AnswerScreen {
  readonly #masking: Masking;
  readonly #rules: Rules;
  readonly #tally: Tally;

  constructor(rules: Rules, masking: Masking) {
    this.#rules = rules;
    this.#masking = masking;
    this.#tally = new Tally(rules);
  }

  /** Whether anything would be done to an answer at all. */
  get isNeeded(): boolean {
    return this.#rules.length > 0 || !this.#masking.isEmpty;
  }

  get isBlocked(): boolean {
    return this.#tally.isBlocked;
  }

  verdicts(): readonly GuardVerdict[] {
    return this.#tally.verdicts();
  }

  /** A text of its own, such as one choice of a stream. */
  text(): ScreenedAnswerText {
    const stages = this.#rules.map(({ guard, action }) => ({
      guard,
      action,
      screen: new TextScreen(detectorsOf[guard]),
    }));
    const restoring = new RestoringStream(this.#masking);
    // What the client sent itself it may read again: guards look first, and then the placeholders are restored.
    return {
      push: (piece) => {
        let passing = piece;
        for (const { guard, action, screen } of stages) {
          passing = this.#pass(guard, action, screen.push(passing));
        }
        return restoring.push(passing);
      },
      end: () => {
        let passing = '';
        for (const { guard, action, screen } of stages) {
          passing = this.#pass(guard, action, screen.push(passing)) + this.#pass(guard, action, screen.end());
        }
        return restoring.push(passing) + restoring.end();
      },
    };
  }

  #pass(
    guard: GuardKind,
    action: GuardAction,
    { text, findings }: { readonly text: string; readonly findings: readonly Finding[] },
  ): string {
    this.#tally.add(guard, findings.length);
    if (action === 'block' && findings.length > 0) return text.slice(0, findings[0]?.start);
    return action === 'mask' ? blackOut(text, findings) : text;
  }
}

/** Text that may be shown. Once the screen is blocked, nothing more of it may be. */
export interface ScreenedAnswerText {
  push(piece: string): string;
  end(): string;
}

class Tally {
  readonly #rules: Rules;
  readonly #findings = new Map<GuardKind, number>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  add(guard: GuardKind, findings: number): void {
    this.#findings.set(guard, (this.#findings.get(guard) ?? 0) + findings);
  }

  get isBlocked(): boolean {
    return this.#rules.some(
      ({ guard, action }) => action === 'block' && (this.#findings.get(guard) ?? 0) > 0,
    );
  }

  verdicts(): GuardVerdict[] {
    return this.#rules.map(({ guard, action }) => {
      const findings = this.#findings.get(guard) ?? 0;
      return { findings, guard, verdict: findings === 0 ? 'passed' : verdictOf[action] };
    });
  }
}

const verdictOf = { block: 'blocked', mask: 'masked', record: 'recorded' } as const;

/** What a model says of its own has no original to put back. */
function blackOut(text: string, findings: readonly Finding[]): string {
  let masked = '';
  let at = 0;
  for (const { kind, start, end } of findings) {
    masked += `${text.slice(at, start)}[${kind}]`;
    at = end;
  }
  return masked + text.slice(at);
}
