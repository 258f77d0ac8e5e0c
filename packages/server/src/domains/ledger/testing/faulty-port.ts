import type { WriteFate } from './memory-storage.ts';

/** Asked once a call, with the name of the method. A function is called when the call has taken effect. */
export type FateOf = (method: string) => WriteFate | (() => void);

/**
 * The same port, whose calls fail as `fateOf` says: before they reach it, or after they took effect.
 * Only methods that give a promise are asked about.
 */
export function faultyPort<Port extends object>(
  port: Port,
  methods: readonly (keyof Port & string)[],
  fateOf: FateOf,
): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = (args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
      if (!methods.some((method) => method === name)) return (...args: readonly unknown[]) => call(args);
      return async (...args: readonly unknown[]) => {
        const fate = fateOf(String(name));
        if (fate === 'lost') throw new Error(`${String(name)} was lost`);
        const result = await call(args);
        if (typeof fate === 'function') fate();
        if (fate === 'stored-but-failed') throw new Error(`${String(name)} was stored but failed`);
        return result;
      };
    },
  });
}
