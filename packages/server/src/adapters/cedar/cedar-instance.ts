import { createRequire } from 'node:module';
import type * as cedarWasm from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = typeof cedarWasm;

const require = createRequire(import.meta.url);
const MODULE = require.resolve('@cedar-policy/cedar-wasm/nodejs');

/**
 * One WebAssembly instance of Cedar, replaced as soon as a call traps. A trap (an exhausted stack,
 * an access out of bounds) leaves the instance's memory in an unknown state: from then on its
 * answers mean nothing, so it must never be asked again.
 */
export class CedarInstance {
  readonly #schema: { readonly name: string; readonly text: string };
  #cedar: Cedar;
  #generation = 0;

  /** Throws when the schema does not parse. */
  constructor(schema: { readonly name: string; readonly text: string }) {
    this.#schema = schema;
    this.#cedar = this.#load();
  }

  /** Changes when the instance is replaced: what had been parsed into the old one is gone. */
  get generation(): number {
    return this.#generation;
  }

  /** Runs one call. Whatever it throws is thrown on, after the instance has been replaced. */
  run<T>(call: (cedar: Cedar) => T): T {
    try {
      return call(this.#cedar);
    } catch (trap) {
      this.#cedar = this.#load();
      this.#generation++;
      throw trap;
    }
  }

  #load(): Cedar {
    // Out of the module cache: a second require is a second instance with a memory of its own.
    delete require.cache[MODULE];
    const cedar: Cedar = require(MODULE);
    const parsed = cedar.preparseSchema(this.#schema.name, this.#schema.text);
    if (parsed.type === 'failure') {
      throw new Error(
        `the Cedar schema does not parse: ${parsed.errors.map((error) => error.message).join('; ')}`,
      );
    }
    return cedar;
  }
}
