import { Bilingual, CountryCode, Day } from '@sekisho/contract';
import { z } from 'zod';

/** `official` if a public body fixes the English name, `automatic` if a rule derives it. */
const EnglishName = z.enum(['official', 'automatic']);

/** `jurisdiction.json` of a pack. */
export const Manifest = z.strictObject({
  country: CountryCode,
  title: Bilingual,
  /** SPDX expression of the data. */
  licence: z.string().min(1).max(100),
  /** How the last digit of a six-digit code is checked. */
  checkDigit: z.enum(['jis-x-0402', 'none']),
  /** Changes since this day are known to the pack; before it places are named as on this day. */
  historySince: Day,
  englishNames: z.strictObject({
    prefecture: EnglishName,
    municipality: EnglishName,
    ward: EnglishName,
  }),
  notes: z.array(Bilingual).max(20),
  sources: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        version: z.string().min(1).max(50),
        licence: z.string().min(1).max(100),
        usedFor: Bilingual,
      }),
    )
    .max(20),
});
export type Manifest = z.infer<typeof Manifest>;
