import type { Language } from '@sekisho/contract';

export const languages = ['ja', 'en'] as const satisfies readonly Language[];

/**
 * The language in which the command speaks: `--lang`, then `SEKISHO_LANG`, then the locale in
 * POSIX order (LC_ALL, LC_MESSAGES, LANG; the first that is set decides, even when it says `C`).
 * English where nothing decides. It is read before the arguments are parsed, because the help and
 * the errors of parsing already speak it.
 */
export function chooseLanguage(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const asked = [optionValue(argv, '--lang'), env['SEKISHO_LANG']];
  const known = asked.find((value) => value === 'ja' || value === 'en');
  if (known !== undefined) return known;
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return /^ja(?:$|[_.@-])/i.test(locale ?? '') ? 'ja' : 'en';
}

/** Whether `--json` stands among the arguments, for errors that happen before they are parsed. */
export function asksForJson(argv: readonly string[]): boolean {
  return beforeTerminator(argv).includes('--json');
}

function optionValue(argv: readonly string[], name: string): string | undefined {
  const options = beforeTerminator(argv);
  let value: string | undefined;
  for (const [index, argument] of options.entries()) {
    if (argument === name) value = options[index + 1] ?? value;
    else if (argument.startsWith(`${name}=`)) value = argument.slice(name.length + 1);
  }
  return value;
}

/** `--` ends the options. */
function beforeTerminator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
