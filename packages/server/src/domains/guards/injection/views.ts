import { foldForms } from '../plain-form.ts';

/** A reading of a text: as it stands, or as somebody who decodes a part of it would. */
export interface View {
  readonly text: string;
  readonly isDecoded: boolean;
}

const DECODED_RUNS_MAX = 16;
const DECODED_LENGTH_MAX = 4096;

/** The text itself first, then what encoded parts of it say, at most {@link DECODED_RUNS_MAX} of them. */
export function viewsOf(text: string): readonly View[] {
  const plain = plainView(text);
  const views: View[] = [{ text: plain, isDecoded: false }];
  const add = (decoded: string | undefined): void => {
    if (decoded !== undefined && views.length <= DECODED_RUNS_MAX)
      views.push({ text: plainView(decoded), isDecoded: true });
  };
  const visible = text.normalize('NFKC');
  for (const [pattern, decode] of encodings) {
    for (const match of take(visible.matchAll(pattern), DECODED_RUNS_MAX)) add(decode(match[0]));
  }
  if (ROT13_WORDS.test(plain)) add(rotate13(plain));
  const reversed = MIRRORED_WORDS.test(plain) ? plain.split('').reverse().join('') : undefined;
  add(reversed);
  return views;
}

const SPACED_LATIN = /(?<![a-z])(?:[a-z][ ._\-*|/]){2,63}[a-z](?![a-z])/g;
const JAPANESE = '[ぁ-んー一-龠々]';
const SPACED_JAPANESE = new RegExp(`(?:${JAPANESE}[・._\\-*|/+~]){3,63}${JAPANESE}`, 'g');
const SPACE_IN_JAPANESE = new RegExp(`(?<=${JAPANESE})[ \\t]+(?=${JAPANESE})`, 'g');
/** Letters with digits or signs among them that stand for letters. */
const LEET_WORD = /(?<![a-z0-9@$])(?=[a-z0-9@$]{0,20}[a-z][013457@$][a-z])[a-z0-9@$]{4,24}(?![a-z0-9@$])/g;
const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

export function plainView(text: string): string {
  return (
    foldForms(text)
      // Before spaces are made one, since two part the words of what is spaced out.
      .replaceAll(SPACED_LATIN, (run) => run.replaceAll(/[ ._\-*|/]/g, ''))
      .replaceAll(/[^\S\n]+/g, ' ')
      .replaceAll(/\s*\n\s*/g, '\n')
      .replaceAll(SPACE_IN_JAPANESE, '')
      .replaceAll(SPACED_JAPANESE, (run) => run.replaceAll(/[・._\-*|/+~]/g, ''))
      .replaceAll(LEET_WORD, (word) => word.replaceAll(/[013457@$]/g, (sign) => leet[sign] ?? sign))
      .trim()
  );
}

type Decode = (run: string) => string | undefined;

const encodings: readonly (readonly [RegExp, Decode])[] = [
  [/[A-Za-z0-9+/_-]{20,8192}={0,2}/g, (run) => readable(Buffer.from(run, 'base64'))],
  [/(?:%[0-9A-Fa-f]{2}[^%\s]{0,4}){6,4096}/g, (run) => decodePercent(run)],
  [
    /(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,]{0,2}){12,4096}/g,
    (run) => readable(Buffer.from(run.replaceAll(/0x|\\x|[ :,]/g, ''), 'hex')),
  ],
  [/(?:\\u[0-9A-Fa-f]{4}){4,4096}/g, (run) => decodeEscapes(run, /\\u([0-9A-Fa-f]{4})/g, 16)],
  [/(?:&#x[0-9A-Fa-f]{2,5};){4,4096}/g, (run) => decodeEscapes(run, /&#x([0-9A-Fa-f]{2,5});/g, 16)],
  [/(?:&#\d{2,6};){4,4096}/g, (run) => decodeEscapes(run, /&#(\d{2,6});/g, 10)],
];

const utf8 = new TextDecoder('utf-8', { fatal: true });
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/** Text in UTF-8, or undefined where the bytes are something else. */
function readable(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes.subarray(0, DECODED_LENGTH_MAX), { stream: false });
    return text.length >= 4 && !CONTROL.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function decodePercent(run: string): string | undefined {
  try {
    return decodeURIComponent(run.slice(0, 3 * DECODED_LENGTH_MAX));
  } catch {
    return undefined;
  }
}

function decodeEscapes(run: string, escape: RegExp, radix: 10 | 16): string {
  const codes = [...run.slice(0, 8 * DECODED_LENGTH_MAX).matchAll(escape)].map(([, code = '']) =>
    Number.parseInt(code, radix),
  );
  return codes.map((code) => (code <= 0x10ffff ? String.fromCodePoint(code) : '')).join('');
}

/** Words of attacks as ROT13 spells them. */
const ROT13_WORDS =
  /vtaber|qvfertneq|cerivbhf|vafgehpgvba|flfgrz|cebzcg|erirny|sbetrg|cnffjbeq|frperg|zhfuv|fuvwv/;
const MIRRORED_WORDS =
  /erongi|dragersid|suoiverp|noitcurtsni|tpmorp|laever|tegrof|視無|示指|令命|密秘|ろれ忘/;

function rotate13(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97),
  );
}

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item, void, undefined> {
  let taken = 0;
  for (const item of items) {
    if (taken++ >= count) return;
    yield item;
  }
}
