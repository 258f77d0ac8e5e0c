import type { AnswerScreen, ScreenedAnswerText } from '../domains/guards/index.ts';
import { replaceInJsonText, ScreenedJson } from './screened-json.ts';

/** Fields of a message or a delta that hold text of the model's. */
const TEXT_FIELDS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;
type TextField = (typeof TEXT_FIELDS)[number];

/** Tokens whose probabilities wait for their text. */
const LOGPROBS_HELD_MAX = 32_768;

/** A message, or the part of it in one chunk. Screened in place. */
export type Message = { [field in TextField]?: string | null | undefined } & {
  tool_calls?: ToolCall[] | null | undefined;
};
interface ToolCall {
  index?: number | undefined;
  function?: { name?: string | null | undefined; arguments?: string | null | undefined } | undefined;
}
interface Logprobs {
  content?: unknown[] | null | undefined;
  refusal?: unknown[] | null | undefined;
}
export interface Choice {
  logprobs?: Logprobs | null | undefined;
}

/**
 * One choice of an answer on its way through the guards. Probabilities of tokens repeat the text: they come when their
 * text has been shown as it came, and never again once a guard has changed something.
 */
export class ScreenedChoice {
  readonly #screen: AnswerScreen;
  readonly #texts = new Map<TextField, FollowedText>();
  /** By index of the tool call. */
  readonly #arguments = new Map<number, FollowedText>();
  #isAltered = false;
  #logprobs: Required<{ [field in keyof Logprobs]: unknown[] }> = { content: [], refusal: [] };

  constructor(screen: AnswerScreen) {
    this.#screen = screen;
  }

  whole(message: Message, choice: Choice): void {
    for (const field of TEXT_FIELDS) {
      const value = message[field];
      if (typeof value === 'string') message[field] = this.#wholeText(value);
    }
    for (const { function: called } of message.tool_calls ?? []) {
      if (typeof called?.name === 'string') called.name = this.#wholeText(called.name);
      if (typeof called?.arguments === 'string')
        called.arguments = replaceInJsonText(called.arguments, (text) => this.#wholeText(text));
    }
    if (this.#isAltered && choice.logprobs) choice.logprobs = null;
  }

  /** Takes what a chunk brings; leaves in it what may be shown by now. */
  piece(delta: Message, choice: Choice): void {
    for (const field of TEXT_FIELDS) {
      const value = delta[field];
      if (typeof value === 'string') delta[field] = this.#textOf(field).push(value);
    }
    for (const [at, { index = at, function: called }] of (delta.tool_calls ?? []).entries()) {
      // A name comes in one piece, and clients do not put pieces of one together.
      if (typeof called?.name === 'string') called.name = this.#wholeText(called.name);
      if (typeof called?.arguments === 'string')
        called.arguments = this.#argumentsOf(index).push(called.arguments);
    }
    this.#holdLogprobs(choice);
  }

  /** Adds what is still held to the last chunk. */
  end(delta: Message, choice: Choice): void {
    for (const [field, text] of this.#texts) {
      const rest = text.end();
      if (rest !== '') delta[field] = (delta[field] ?? '') + rest;
    }
    for (const [index, text] of this.#arguments) {
      const rest = text.end();
      if (rest !== '') addArguments(delta, index, rest);
    }
    this.#holdLogprobs(choice);
    this.#texts.clear();
    this.#arguments.clear();
  }

  #textOf(field: TextField): FollowedText {
    const text = this.#texts.get(field) ?? new FollowedText(this.#screen.text());
    this.#texts.set(field, text);
    return text;
  }

  #argumentsOf(index: number): FollowedText {
    const text = this.#arguments.get(index) ?? new FollowedText(new ScreenedJson(() => this.#screen.text()));
    this.#arguments.set(index, text);
    return text;
  }

  #wholeText(value: string): string {
    const text = this.#screen.text();
    const shown = text.push(value) + text.end();
    this.#isAltered ||= shown !== value;
    return shown;
  }

  #holdLogprobs(choice: Choice): void {
    const { content, refusal } = this.#logprobs;
    for (const one of choice.logprobs?.content ?? []) content.push(one);
    for (const one of choice.logprobs?.refusal ?? []) refusal.push(one);
    const texts = [...this.#texts.values(), ...this.#arguments.values()];
    this.#isAltered ||= texts.some((text) => text.isAltered);
    this.#isAltered ||= content.length + refusal.length > LOGPROBS_HELD_MAX;
    const isShown = !this.#isAltered && texts.every((text) => text.isShown);
    if (isShown || this.#isAltered) this.#logprobs = { content: [], refusal: [] };
    if (isShown && content.length + refusal.length > 0) {
      choice.logprobs = {
        ...choice.logprobs,
        content: content.length > 0 ? content : null,
        refusal: refusal.length > 0 ? refusal : null,
      };
    } else if (choice.logprobs) choice.logprobs = null;
  }
}

function addArguments(delta: Message, index: number, rest: string): void {
  delta.tool_calls ??= [];
  const there = delta.tool_calls.find((call, at) => (call.index ?? at) === index);
  if (there === undefined) delta.tool_calls.push({ index, function: { arguments: rest } });
  else there.function = { ...there.function, arguments: (there.function?.arguments ?? '') + rest };
}

/** A text that knows whether what it has shown is what came. */
class FollowedText implements ScreenedAnswerText {
  readonly #text: ScreenedAnswerText;
  #held = '';
  isAltered = false;

  constructor(text: ScreenedAnswerText) {
    this.#text = text;
  }

  get isShown(): boolean {
    return this.#held === '';
  }

  push(piece: string): string {
    this.#held += piece;
    return this.#follow(this.#text.push(piece));
  }

  end(): string {
    return this.#follow(this.#text.end());
  }

  #follow(shown: string): string {
    this.isAltered ||= !this.#held.startsWith(shown);
    this.#held = this.isAltered ? '' : this.#held.slice(shown.length);
    return shown;
  }
}
