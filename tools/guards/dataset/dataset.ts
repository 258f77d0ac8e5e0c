/** The labelled texts: tables of single texts, and frames with `(one|or|another)` in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { heldOutFrames } from './held-out-frames.ts';
import { disguise } from './disguises.ts';

export type Language = 'ja' | 'en';

export interface LabelledText {
  readonly language: Language;
  readonly isAttack: boolean;
  readonly family: string;
  readonly text: string;
  /** Texts of one frame share it: they stay together where a set is parted. */
  readonly frame: string;
  /** Put together from a frame, not written one by one. */
  readonly isMade: boolean;
}

/** Families of benign texts that look like attacks. */
export const hardFamilies: ReadonlySet<string> = new Set([
  'security-talk',
  'innocent-words',
  'rewrite-instructions',
  'harmless-roleplay',
  'code',
  'legal',
  'translation',
]);

const MADE_OF_A_FRAME_MAX = 14;

interface Row {
  readonly family: string;
  readonly text: string;
}

function readRows(name: string): readonly Row[] {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [family, text] = line.split('\t');
      if (family === undefined || text === undefined || text === '') throw new Error(`${name}: ${line}`);
      return { family, text: text.replaceAll('\\n', '\n') };
    });
}

/** What the weights and the threshold are learnt from, and nothing else. */
export function trainingTexts(): readonly LabelledText[] {
  const texts: LabelledText[] = [];
  const random = numbersFrom(20_260_401);
  for (const language of ['ja', 'en'] as const) {
    for (const isAttack of [true, false]) {
      const name = `training-${isAttack ? 'attacks' : 'benign'}.${language}.tsv`;
      for (const [at, { family, text }] of readRows(name).entries()) {
        for (const made of expansions(text, random)) {
          texts.push({ language, isAttack, family, text: made, frame: `${name}:${at}`, isMade: true });
        }
      }
    }
  }
  return texts;
}

/** What only the evaluation looks at. */
export function heldOutTexts(): readonly LabelledText[] {
  const texts: LabelledText[] = [];
  for (const language of ['ja', 'en'] as const) {
    for (const { family, text } of readRows(`held-out-attacks.${language}.tsv`)) {
      const [name = '', how] = family.split(':');
      const disguised = how === undefined ? text : disguise(how, text);
      texts.push({ language, isAttack: true, family: name, text: disguised, frame: text, isMade: false });
    }
    for (const { family, text } of readRows(`held-out-benign.${language}.tsv`)) {
      texts.push({ language, isAttack: false, family, text, frame: text, isMade: false });
    }
  }
  for (const { family, language, frame, slots } of heldOutFrames) {
    let made = [frame];
    for (const [slot, words] of slots.entries()) {
      made = made.flatMap((text) => words.map((word) => text.replaceAll(`{${slot}}`, word)));
    }
    for (const text of made) texts.push({ language, isAttack: false, family, text, frame, isMade: true });
  }
  return texts;
}

/** Written when the weights and the threshold were fixed: nobody could lean on either while writing the other. */
export function freshTexts(): readonly LabelledText[] {
  return readRows('fresh.ja.tsv').map(({ family, text }) => ({
    language: 'ja',
    isAttack: family === 'attack',
    family: 'fresh',
    text,
    frame: text,
    isMade: false,
  }));
}

/** Different choices of the words of a frame, at most {@link MADE_OF_A_FRAME_MAX}. `¦` stands for a bar. */
function expansions(frame: string, random: () => number): readonly string[] {
  const made = new Set<string>();
  for (let attempt = 0; attempt < 3 * MADE_OF_A_FRAME_MAX && made.size < MADE_OF_A_FRAME_MAX; attempt++) {
    const text = frame.replaceAll(/\(([^()]*\|[^()]*)\)(\??)/g, (_, choices: string, optional: string) => {
      const words = [...choices.split('|'), ...(optional === '' ? [] : [''])];
      return words[Math.floor(random() * words.length)] ?? '';
    });
    const settled = text.replaceAll(/([ の。【])\?/g, (_, character: string) =>
      random() < 0.5 ? character : '',
    );
    made.add(settled.replaceAll('¦', '|'));
  }
  return [...made];
}

/** Numbers below 1, the same in every run (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
