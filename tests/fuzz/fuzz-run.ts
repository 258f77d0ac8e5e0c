import { measuring } from './call-cost.ts';
import { mutated } from './mutations.ts';
import { NewCode } from './new-code.ts';
import { ACCEPTED, outcomeOfThrown } from './parser-target.ts';
import type { Outcome, ParserTarget } from './parser-target.ts';
import { Choices } from './random-choices.ts';
import { shortened } from './shortened-input.ts';

/**
 * Feeds one target with its corpus and then with mutants of it. Mutants that come to something new
 * join the corpus: another outcome at another place, or, with `followCode`, code that no input ran.
 */
export interface FuzzLimits {
  readonly seed: number;
  /** Stops after so many inputs, or so many seconds, whichever comes first. */
  readonly inputsMax: number;
  readonly secondsMax: number;
  readonly followCode?: boolean;
}

export interface FuzzFault {
  readonly target: string;
  readonly seed: number;
  /** Which input of the run: the corpus comes first. */
  readonly number: number;
  readonly what: string;
  readonly stack: string;
  readonly input: Uint8Array;
}

export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** Foreseen, and never come to. */
  readonly unreached: readonly string[];
  /** Inputs in the corpus at the end. */
  readonly kept: number;
  /** Nearest to its bound. */
  readonly slowest: { readonly ms: number; readonly bytes: number };
  readonly faults: readonly FuzzFault[];
}

const BYTES_MAX = 20_000;
/** Of one outcome: a refusal that names what it was given is new each time. */
const KEPT_MAX = 40;
const FAULTS_MAX = 3;

/** A call may take so long: far more than any takes, and far less than an attacker would want. */
export function boundMs(bytes: number, waits = false): number {
  return (waits ? 2000 : 250) + 2 * (bytes / 1024);
}

export async function fuzz(target: ParserTarget, limits: FuzzLimits): Promise<FuzzReport> {
  const { seed, inputsMax, secondsMax } = limits;
  const choices = new Choices(seed, target.name);
  const corpus: Uint8Array[] = target.corpus.map((input) => Uint8Array.from(input));
  const outcomes = new Map<string, number>();
  const seen = new Set<string>();
  const kept = new Map<string, number>();
  const faults: FuzzFault[] = [];
  let slowest = { ms: 0, bytes: 0 };
  let inputs = 0;
  const newCode = limits.followCode === true ? await NewCode.watch() : undefined;
  const started = performance.now();

  const give = async (input: Uint8Array): Promise<void> => {
    inputs++;
    const result = await run(target, input);
    if (result.ms / boundMs(result.bytes) > slowest.ms / boundMs(slowest.bytes)) slowest = result;
    if (result.fault !== undefined) {
      const short = await shortened(
        input,
        async (less) => (await run(target, less)).fault?.what === result.fault?.what,
      );
      faults.push({ target: target.name, seed, number: inputs, input: short, ...result.fault });
      return;
    }
    outcomes.set(result.outcome.code, (outcomes.get(result.outcome.code) ?? 0) + 1);
    const place = `${result.outcome.code} ${(result.outcome.where ?? '').replace(/\d+/g, '#').slice(0, 80)}`;
    const isNew = !seen.has(place) || (newCode !== undefined && (await newCode.ran()));
    seen.add(place);
    const { code } = result.outcome;
    if (!isNew || (kept.get(code) ?? 0) >= KEPT_MAX) return;
    kept.set(code, (kept.get(code) ?? 0) + 1);
    corpus.push(input);
  };

  const running = (): boolean =>
    faults.length < FAULTS_MAX && inputs < inputsMax && performance.now() - started < secondsMax * 1000;
  for (const input of target.corpus) if (running()) await give(input);
  while (running()) {
    const parent = choices.pick(corpus);
    const knowing = target.mutate !== undefined && choices.chance(2);
    const made = knowing ? target.mutate?.(parent, choices) : undefined;
    // A change by the format, and at times another one that spoils it.
    const spoil = made === undefined || choices.chance(4);
    await give(spoil ? mutated(made ?? parent, choices, corpus, target.bytesMax ?? BYTES_MAX) : made);
  }
  await newCode?.end();
  return {
    target: target.name,
    inputs,
    seconds: (performance.now() - started) / 1000,
    outcomes,
    unreached: target.outcomes.filter((code) => !outcomes.has(code)),
    kept: corpus.length,
    slowest: { ms: slowest.ms, bytes: slowest.bytes },
    faults,
  };
}

interface Result {
  readonly outcome: Outcome;
  readonly fault?: { readonly what: string; readonly stack: string };
  readonly ms: number;
  readonly bytes: number;
}

async function run(target: ParserTarget, input: Uint8Array): Promise<Result> {
  let result = await runOnce(target, input);
  // Another process may have had the processor: slow is what is slow each time.
  for (let again = 0; again < 3 && result.ms > boundMs(input.length, target.waits); again++) {
    const other = await runOnce(target, input);
    if (other.ms < result.ms) result = other;
  }
  if (result.fault === undefined && result.ms > boundMs(input.length, target.waits)) {
    return {
      ...result,
      fault: { what: 'took too long', stack: `${result.ms} ms for ${input.length} bytes` },
    };
  }
  return result;
}

async function runOnce(target: ParserTarget, input: Uint8Array): Promise<Result> {
  const given = amongOthers(input);
  const costMs = measuring(target.waits);
  const { outcome, fault } = await outcomeOf(target, given);
  const ms = costMs();
  return { outcome, ...(fault && { fault }), ms, bytes: input.length };
}

async function outcomeOf(
  target: ParserTarget,
  input: Uint8Array,
): Promise<Pick<Result, 'outcome' | 'fault'>> {
  let outcome: Outcome | undefined;
  try {
    outcome = (await target.parse(input)) ?? { code: ACCEPTED };
  } catch (thrown) {
    outcome = outcomeOfThrown(thrown);
    if (outcome === undefined) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const fault = { what: `${error.name}: ${error.message.slice(0, 200)}`, stack: error.stack ?? '' };
      return { outcome: { code: 'fault' }, fault };
    }
  }
  if (target.outcomes.includes(outcome.code) || target.mayStayUnreached?.includes(outcome.code) === true) {
    return { outcome };
  }
  return { outcome, fault: { what: `unforeseen outcome ${outcome.code}`, stack: outcome.where ?? '' } };
}

/** A view in the middle of other bytes: what reads beyond its input finds something there. */
function amongOthers(input: Uint8Array): Uint8Array {
  const before = 3;
  const whole = new Uint8Array(before + input.length + 8).fill(0x31);
  whole.set(input, before);
  return whole.subarray(before, before + input.length);
}
