import { z } from 'zod';

/** Bounds of one JSON Schema in a request; what a server compiles from it grows faster than it does. */
export const jsonSchemaLimits = {
  depth: 32,
  /** Values at any depth, the schema itself among them. */
  values: 10_000,
  /** Of all texts and names together. */
  characters: 256 * 1024,
} as const;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/**
 * A JSON Schema (draft 2020-12) as a model server gets it. Its keywords are the server's to judge; here it is
 * bounded, and plain: `__proto__` is nobody's property.
 */
export const JsonSchema = z.custom<JsonObject>((value) => isPlainObject(value) && isBounded(value), {
  error: `a JSON object of at most ${jsonSchemaLimits.depth} levels, ${jsonSchemaLimits.values} values and ${jsonSchemaLimits.characters} characters`,
});

function isBounded(schema: object): boolean {
  let values = 0;
  let characters = 0;
  let level: unknown[] = [schema];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > jsonSchemaLimits.depth) return false;
    const next: unknown[] = [];
    for (const value of level) {
      if (++values > jsonSchemaLimits.values) return false;
      if (typeof value === 'string') characters += value.length;
      else if (Array.isArray(value)) for (const item of value) next.push(item);
      else if (isPlainObject(value)) {
        for (const [name, member] of Object.entries(value)) {
          if (name === '__proto__') return false;
          characters += name.length;
          next.push(member);
        }
      }
      if (characters > jsonSchemaLimits.characters) return false;
    }
    level = next;
  }
  return true;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
