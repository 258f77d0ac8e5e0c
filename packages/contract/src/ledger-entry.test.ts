import { expect, test } from 'vitest';
import { VerifierKeyText } from './ledger-entry.ts';

test.each(['cell.example/ledger/north', '関所.example', '\ud83d\ude00'])(
  '%s names a verifier key',
  (name) => {
    expect(VerifierKeyText.safeParse(`${name}+0123abcd+AQID`).success).toBe(true);
  },
);

// A file of JSON can spell a surrogate alone, which no UTF-8 and no signed byte can hold.
test.each(['', 'two words', 'a+b', 'line\n', 'nul\0', '\ud800', 'a\udc00'])('%j names none', (name) => {
  expect(VerifierKeyText.safeParse(`${name}+0123abcd+AQID`).success).toBe(false);
});
