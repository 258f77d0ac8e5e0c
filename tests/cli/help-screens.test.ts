import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../packages/cli/src/program.ts';
import { Screen } from '../../packages/cli/src/screen.ts';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import { en } from '../../packages/cli/src/texts/en.ts';
import { ja } from '../../packages/cli/src/texts/ja.ts';
import { sekisho } from './run-command.ts';

type Command = ReturnType<typeof buildProgram>;

/** The help of every command there is, as it would be written to a terminal without a width. */
function helpScreens(texts: typeof en): { readonly command: string; readonly help: string }[] {
  let written = '';
  const screen = new Screen({ write: (text) => (written += text) }, { write: () => true }, {});
  const context = {
    env: {},
    cwd: '/',
    stdin: process.stdin,
    screen,
    now: () => 0,
    texts,
    language: texts.language,
  };
  const screenOf = (command: Command): string => {
    written = '';
    command.outputHelp();
    return written;
  };
  const walk = (command: Command): { command: string; help: string }[] => [
    { command: command.name(), help: screenOf(command) },
    ...command.commands.flatMap((child) => walk(child)),
  ];
  return walk(buildProgram(context, () => undefined));
}

describe.each([ja, en])('every help screen in $language', (texts) => {
  const screens = helpScreens(texts);

  test('is at most 80 columns wide', () => {
    expect(screens.length).toBeGreaterThanOrEqual(18);
    for (const { command, help } of screens) {
      const tooWide = help.split('\n').filter((line) => displayWidth(line) > 80);
      expect({ command, tooWide }).toEqual({ command, tooWide: [] });
    }
  });

  test('speaks that language, for every entry', () => {
    for (const { command, help } of screens) {
      expect({ command, help }).toMatchObject({
        help: expect.stringMatching(texts.language === 'ja' ? /^使い方:/ : /^Usage:/),
      });
      for (const [, description] of help.matchAll(/^ {2}(?:-|[a-z]).*? {2,}(\S.*)$/gm)) {
        expect({ command, description, japanese: /[ぁ-んァ-ン一-龥]/.test(description ?? '') }).toMatchObject(
          {
            japanese: texts.language === 'ja',
          },
        );
      }
    }
  });
});

test('help is an answer', async () => {
  const { code, stdout, stderr } = await sekisho(['keys', 'create', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: sekisho keys create /);
});

test('help that nobody asked for is an error', async () => {
  const { code, stdout, stderr } = await sekisho([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stdout + stderr).toMatch(/^Usage: sekisho /);
});

test.each([
  [['fly'], 'sekisho --help'],
  [['keys', 'fly'], 'sekisho keys --help'],
  [['history', '--fly'], 'sekisho history --help'],
  [['plan'], 'sekisho plan --help'],
  [['plan', 'a', 'b'], 'sekisho plan --help'],
  [['explain', '--tenant', 'a'], 'sekisho explain --help'],
  [['places', '--code'], 'sekisho places --help'],
  [['history', '--lang', 'fr'], 'sekisho --help'],
])('%j is refused with the help to read', async (args, help) => {
  const { code, stdout, stderr } = await sekisho(args, { env: { SEKISHO_LANG: 'ja' } });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^エラー: [^\n]*[ぁ-んァ-ン一-龥]/);
  expect(stderr).toContain(`参照: ${help}\n[usage]\n`);
});
