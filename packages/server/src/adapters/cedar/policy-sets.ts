import type { AuthorizationAnswer, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarInstance } from './cedar-instance.ts';

/** Policies by their @id. */
export type PolicyTexts = Readonly<Record<string, string>>;

/**
 * Policy sets that the engine keeps parsed. It keeps them by name and cannot drop one, so the names
 * of sets that nobody holds any more are given to new ones, which write over them: there are never
 * more than were once in use together.
 */
export class PolicySets {
  readonly #instance: CedarInstance;
  readonly #freeNames: string[] = [];
  #namesMade = 0;
  readonly #released = new FinalizationRegistry<string>((name) => this.#freeNames.push(name));

  constructor(instance: CedarInstance) {
    this.#instance = instance;
  }

  /** Throws when the policies do not parse. */
  hold(texts: PolicyTexts): PolicySet {
    const name = this.#freeNames.pop() ?? `set${this.#namesMade++}`;
    const set = new PolicySet(this.#instance, name, texts);
    // The set itself is watched: it is what every question goes through, so its name is not given
    // away while anyone can still ask.
    this.#released.register(set, name);
    return set;
  }
}

export class PolicySet {
  readonly #instance: CedarInstance;
  readonly #name: string;
  readonly #texts: PolicyTexts;
  #parsedInto: number;

  constructor(instance: CedarInstance, name: string, texts: PolicyTexts) {
    this.#instance = instance;
    this.#name = name;
    this.#texts = texts;
    this.#parsedInto = this.#parse();
  }

  /** Throws when the engine traps; it has been replaced by the next call. */
  ask(call: Omit<StatefulAuthorizationCall, 'preparsedPolicySetId'>): AuthorizationAnswer {
    if (this.#parsedInto !== this.#instance.generation) this.#parsedInto = this.#parse();
    return this.#instance.run((cedar) =>
      cedar.statefulIsAuthorized({ ...call, preparsedPolicySetId: this.#name }),
    );
  }

  #parse(): number {
    const parsed = this.#instance.run((cedar) =>
      cedar.preparsePolicySet(this.#name, { staticPolicies: { ...this.#texts } }),
    );
    if (parsed.type === 'failure') throw new Error(parsed.errors.map((error) => error.message).join('; '));
    return this.#instance.generation;
  }
}
