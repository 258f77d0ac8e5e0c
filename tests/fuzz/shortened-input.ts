const TRIES_MAX = 400;

/** A shorter input of which the same holds: half, quarters and so on are left out in turn. */
export async function shortened(
  input: Uint8Array,
  holds: (less: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let short = input;
  let tries = 0;
  for (let length = Math.ceil(input.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < short.length && tries < TRIES_MAX; tries++) {
      const less = Uint8Array.from([...short.subarray(0, at), ...short.subarray(at + length)]);
      if (await holds(less)) short = less;
      else at += length;
    }
  }
  return short;
}
