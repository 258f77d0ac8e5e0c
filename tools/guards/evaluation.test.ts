import { describe, expect, test } from 'vitest';
import { hardFamilies, heldOutTexts } from './dataset/dataset.ts';
import { greatestLikeness, ratesOf, scoredFresh, scoredHeldOut, spanRates } from './evaluation.ts';

const scored = scoredHeldOut();

describe('the held-out part', () => {
  test('is as large as it is said to be, and mostly written text by text', () => {
    const ja = heldOutTexts().filter(({ language }) => language === 'ja');
    const attacks = ja.filter(({ isAttack }) => isAttack);
    const benign = ja.filter(({ isAttack }) => !isAttack);
    expect(attacks.length).toBeGreaterThanOrEqual(300);
    expect(benign.length).toBeGreaterThanOrEqual(1000);
    expect(benign.filter(({ family }) => hardFamilies.has(family)).length / benign.length).toBeGreaterThan(
      0.3,
    );
    expect(ja.filter(({ isMade }) => !isMade).length / ja.length).toBeGreaterThan(0.5);
    expect(new Set(ja.map(({ text }) => text)).size).toBe(ja.length);
  });

  test.each(['ja', 'en'] as const)('in %s has no attack twice, nor one of the training part', (language) => {
    const { withinHeldOut, withTraining } = greatestLikeness(language);
    expect(withinHeldOut).toBeLessThan(0.6);
    expect(withTraining).toBeLessThan(0.6);
  });
});

describe('the guard against prompt injection', () => {
  test.each([
    ['ja', 0.85, 0.945, 0.03],
    ['en', 0.77, 0.95, 0.03],
  ] as const)('does as well in %s as docs/guards.md says', (language, recall, precision, hard) => {
    const rates = ratesOf(scored.filter((text) => text.language === language));
    expect(rates.recall).toBeGreaterThan(recall);
    expect(rates.precision).toBeGreaterThan(precision);
    expect(rates.hardFalsePositiveRate).toBeLessThan(hard);
  });

  test('does on texts written after it as docs/guards.md says', () => {
    const rates = ratesOf(scoredFresh());
    expect(rates.recall).toBeGreaterThan(0.8);
    expect(rates.falsePositiveRate).toBeLessThan(0.07);
  });
});

test('numbers, keys and personal data are found, and nothing with a wrong check digit', () => {
  for (const { found, toFind, falselyFound, toPass } of spanRates()) {
    expect(toFind).toBeGreaterThan(5);
    expect(toPass).toBeGreaterThan(12);
    expect(found).toBe(toFind);
    expect(falselyFound).toBe(0);
  }
});
