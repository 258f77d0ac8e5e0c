import { z } from 'zod';

/**
 * A schema of records that also refuses an own property `__proto__`. Zod's records drop it in silence,
 * whatever its value, so that a signed entry could hold what no reader of it sees.
 */
export function completeRecord<Shape extends z.ZodType>(record: Shape): z.ZodPreprocess<Shape> {
  return z.preprocess((value, context) => {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      context.addIssue({ code: 'unrecognized_keys', keys: ['__proto__'], input: { ...value } });
    }
    return value;
  }, record);
}
