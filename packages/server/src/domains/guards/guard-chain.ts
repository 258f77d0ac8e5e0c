import type { GuardAction, GuardKind, GuardRule, GuardVerdict } from '@sekisho/contract';
import { deniedTopicsDetector } from './denied-topics.ts';
import type { Detector, Finding } from './detector.ts';
import { isInjection } from './injection/judge-text.ts';
import { InstructionLeakScreen, InstructionRuns } from './instruction-leak.ts';
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
import { TextScreen, findAll, type ScreenedText, type TextScreening } from './text-screen.ts';

const spanDetectors = {
  'my-number': [myNumberDetector],
  secrets: [privateKeyDetector, apiKeyDetector],
  'personal-data': [
    creditCardDetector,
    phoneNumberDetector,
    emailAddressDetector,
    passportNumberDetector,
    postalAddressDetector,
  ],
} as const satisfies Partial<Record<GuardKind, readonly Detector[]>>;

/** A rule with what looks for it, made once for a platform revision. */
interface Guard {
  readonly guard: GuardKind;
  readonly action: GuardAction;
  readonly looks:
    | { readonly at: 'spans'; readonly detectors: readonly Detector[] }
    | { readonly at: 'whole-texts' }
    | { readonly at: 'instructions' };
}

function guardOf(rule: GuardRule): Guard {
  const { guard, action } = rule;
  switch (rule.guard) {
    case 'prompt-injection':
      return { guard, action, looks: { at: 'whole-texts' } };
    case 'instruction-leak':
      return { guard, action, looks: { at: 'instructions' } };
    case 'denied-topics':
      return { guard, action, looks: { at: 'spans', detectors: [deniedTopicsDetector(rule.topics)] } };
    case 'my-number':
    case 'secrets':
    case 'personal-data':
      return { guard, action, looks: { at: 'spans', detectors: spanDetectors[rule.guard] } };
  }
}

/** What is said in the messages of a request, for guards that need to know by whom. */
export interface SaidInMessages {
  /** Whole messages of whoever runs the workspace: system and developer. */
  readonly instructions: readonly string[];
  /** All other messages, whole: anybody may speak in them, also through a document or a tool's result. */
  readonly conversation: readonly string[];
}

const nothingSaid: SaidInMessages = { instructions: [], conversation: [] };

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
  readonly #request: readonly Guard[];
  readonly #answer: readonly Guard[];

  constructor(rules: readonly GuardRule[]) {
    const guards = rules.map((rule) => ({ on: rule.on as readonly string[], guard: guardOf(rule) }));
    this.#request = guards.filter(({ on }) => on.includes('request')).map(({ guard }) => guard);
    this.#answer = guards.filter(({ on }) => on.includes('answer')).map(({ guard }) => guard);
  }

  get looksAtRequests(): boolean {
    return this.#request.length > 0;
  }

  get looksAtAnswers(): boolean {
    return this.#answer.length > 0;
  }

  judgeRequest(texts: readonly string[], said: SaidInMessages = nothingSaid): GuardedRequest {
    const masking = new Masking();
    const tally = new Tally(this.#request);
    let passing = texts;
    for (const guard of this.#request) {
      const { action, looks } = guard;
      if (looks.at === 'whole-texts') {
        tally.add(guard, said.conversation.filter(isInjection).length);
      } else if (looks.at === 'spans') {
        passing = passing.map((text) => {
          const findings = findAll(looks.detectors, text);
          tally.add(guard, findings.length);
          return action === 'mask' && findings.length > 0 ? masking.mask(text, findings) : text;
        });
      }
    }
    return { verdicts: tally.verdicts(), isBlocked: tally.isBlocked, texts: passing, masking };
  }

  /** `instructions` are what an answer may not repeat. */
  screenAnswer(masking: Masking, instructions: readonly string[] = []): AnswerScreen {
    return new AnswerScreen(this.#answer, masking, instructions);
  }
}

/** Looks at an answer's texts, whole or piece by piece, and puts back what the request had masked. */
export class AnswerScreen {
  readonly #masking: Masking;
  readonly #guards: readonly Guard[];
  readonly #tally: Tally;
  readonly #instructions: readonly string[];
  #runs: InstructionRuns | undefined;

  constructor(guards: readonly Guard[], masking: Masking, instructions: readonly string[]) {
    this.#guards = guards;
    this.#masking = masking;
    this.#tally = new Tally(guards);
    this.#instructions = instructions;
  }

  /** Whether anything would be done to an answer at all. */
  get isNeeded(): boolean {
    return this.#guards.length > 0 || !this.#masking.isEmpty;
  }

  get isBlocked(): boolean {
    return this.#tally.isBlocked;
  }

  verdicts(): readonly GuardVerdict[] {
    return this.#tally.verdicts();
  }

  /** A text of its own, such as one choice of a stream. */
  text(): ScreenedAnswerText {
    const stages = this.#guards.map((guard) => ({ guard, screen: this.#screenOf(guard.looks) }));
    const restoring = new RestoringStream(this.#masking);
    // What the client sent itself it may read again: guards look first, and then the placeholders are restored.
    return {
      push: (piece) => {
        let passing = piece;
        for (const { guard, screen } of stages) {
          passing = this.#pass(guard, screen.push(passing));
        }
        return restoring.push(passing);
      },
      end: () => {
        let passing = '';
        for (const { guard, screen } of stages) {
          passing = this.#pass(guard, screen.push(passing)) + this.#pass(guard, screen.end());
        }
        return restoring.push(passing) + restoring.end();
      },
    };
  }

  #screenOf(looks: Guard['looks']): TextScreening {
    if (looks.at === 'instructions') {
      this.#runs ??= new InstructionRuns(this.#instructions);
      return new InstructionLeakScreen(this.#runs);
    }
    return new TextScreen(looks.at === 'spans' ? looks.detectors : []);
  }

  #pass(guard: Guard, { text, findings }: ScreenedText): string {
    const { action } = guard;
    this.#tally.add(guard, findings.filter(({ goesOn }) => goesOn !== true).length);
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
  readonly #guards: readonly Guard[];
  /** By guard and not by kind: two rules may be of one kind, such as topics to block and topics to record. */
  readonly #findings = new Map<Guard, number>();

  constructor(guards: readonly Guard[]) {
    this.#guards = guards;
  }

  add(guard: Guard, findings: number): void {
    this.#findings.set(guard, (this.#findings.get(guard) ?? 0) + findings);
  }

  get isBlocked(): boolean {
    return this.#guards.some((guard) => guard.action === 'block' && (this.#findings.get(guard) ?? 0) > 0);
  }

  verdicts(): GuardVerdict[] {
    return this.#guards.map((looking) => {
      const { guard, action } = looking;
      const findings = this.#findings.get(looking) ?? 0;
      return { findings, guard, verdict: findings === 0 ? 'passed' : verdictOf[action] };
    });
  }
}

const verdictOf = { block: 'blocked', mask: 'masked', record: 'recorded' } as const;

/** What a model says of its own has no original to put back. */
function blackOut(text: string, findings: readonly Finding[]): string {
  let masked = '';
  let at = 0;
  for (const { kind, start, end, goesOn } of findings) {
    masked += goesOn === true ? '' : `${text.slice(at, start)}[${kind}]`;
    at = end;
  }
  return masked + text.slice(at);
}
