/** Longest key name. */
const NAME_LENGTH_MAX = 256;

/** A key name: not empty, no white space, no plus, no control character (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && name.isWellFormed() && /^[^\s+\p{Cc}]+$/u.test(name);
}
