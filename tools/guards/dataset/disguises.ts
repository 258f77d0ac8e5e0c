/** The same words, written so that a filter may miss them. */
export function disguise(how: string, text: string): string {
  const made = disguises[how];
  if (made === undefined) throw new Error(`no disguise ${how}`);
  return made(text);
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

const disguises: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => bytes(text).toString('base64'),
  'wrap-base64': (text) =>
    `これは何と書いてありますか: ${bytes(text).toString('base64')} よろしくお願いします。`,
  hex: (text) => bytes(text).toString('hex'),
  percent: (text) => encodeURIComponent(text),
  escape: (text) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  rot13: (text) =>
    text.replaceAll(/[a-z]/gi, (letter) => {
      const first = letter < 'a' ? 65 : 97;
      return String.fromCharCode(((letter.charCodeAt(0) - first + 13) % 26) + first);
    }),
  reverse: (text) => text.split('').reverse().join(''),
  'zero-width': (text) => text.split('').join('\u200b'),
  spaced: (text) => text.split('').join(' '),
  dotted: (text) => text.split('').join('・'),
  'full-width': (text) =>
    text.replaceAll(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  katakana: (text) => text.replaceAll(/[ぁ-ゖ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60)),
  leet: (text) =>
    text.replaceAll(
      /[aeiost]/g,
      (letter) => ({ a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' })[letter] ?? letter,
    ),
  tags: (text) =>
    `こんにちは${text
      .split('')
      .map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)))
      .join('')}`,
};
