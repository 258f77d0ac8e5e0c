import { expect, test } from 'vitest';
import { asksForJson, chooseLanguage } from './language.ts';

test.each([
  [[], {}, 'en'],
  [[], { LANG: 'ja_JP.UTF-8' }, 'ja'],
  [[], { LANG: 'ja' }, 'ja'],
  [[], { LANG: 'jam_JM.UTF-8' }, 'en'],
  [[], { LANG: 'en_US.UTF-8', LC_MESSAGES: 'ja_JP.UTF-8' }, 'ja'],
  [[], { LANG: 'ja_JP.UTF-8', LC_ALL: 'C.UTF-8' }, 'en'],
  [[], { LANG: 'ja_JP.UTF-8', LC_ALL: '' }, 'ja'],
  [[], { LANG: 'ja_JP.UTF-8', SEKISHO_LANG: 'en' }, 'en'],
  [[], { LANG: 'ja_JP.UTF-8', SEKISHO_LANG: 'fr' }, 'ja'],
  [['--lang=ja'], { SEKISHO_LANG: 'en' }, 'ja'],
  [['history', '--lang', 'ja'], {}, 'ja'],
  [['--lang', 'ja', '--lang', 'en'], {}, 'en'],
  [['--', '--lang', 'ja'], {}, 'en'],
  [['--lang'], { LANG: 'ja_JP' }, 'ja'],
] as const)('%j under %j is %s', (argv, env, expected) => {
  expect(chooseLanguage(argv, env)).toBe(expected);
});

test('--json counts before -- only', () => {
  expect(asksForJson(['verify', '--json', 'x'])).toBe(true);
  expect(asksForJson(['verify', '--', '--json'])).toBe(false);
});
