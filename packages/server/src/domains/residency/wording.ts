import type { Action, Bilingual, CopyKind } from '@sekisho/contract';
import type { PlaceTree } from './ports.ts';

/** Longest text of a {@link Bilingual}, in UTF-16 code units. */
const TEXT_MAX = 500;
/** Places named in one reason; the rest is counted. */
const NAMED_PLACES_MAX = 8;

export const actionWords: Readonly<Record<Action, Bilingual>> = {
  process: { ja: '処理', en: 'processing' },
  store: { ja: '保存', en: 'storage' },
  replicate: { ja: '複製', en: 'replication' },
  'back-up': { ja: 'バックアップ', en: 'backup' },
  'release-key': { ja: '鍵の払い出し', en: 'key release' },
  'support-access': { ja: '保守要員による閲覧', en: 'support access' },
  train: { ja: '学習', en: 'training' },
  transfer: { ja: '移転', en: 'transfer' },
};

const copyWords: Readonly<Record<CopyKind, Bilingual>> = {
  processing: { ja: '処理', en: 'processing' },
  storage: { ja: '保存先', en: 'storage' },
  replica: { ja: '複製', en: 'replica' },
  backup: { ja: 'バックアップ', en: 'backup' },
  log: { ja: 'ログ', en: 'log' },
  key: { ja: '鍵', en: 'key' },
  telemetry: { ja: 'テレメトリー', en: 'telemetry' },
  'support-screen': { ja: '保守画面', en: 'support screen' },
};

/** The processing copy is called by what is asked for: a training run is not "processing". */
export function wordOfCopy(kind: CopyKind, action: Action): Bilingual {
  return kind === 'processing' ? actionWords[action] : copyWords[kind];
}

/** `JP-01（北海道）` and `JP-01 (Hokkaido)`; the code alone when the place is unknown. */
export function placeLabel(code: string, places: PlaceTree): Bilingual {
  const name = placeName(code, places);
  return {
    ja: name.ja === code ? code : `${code}（${name.ja}）`,
    en: name.en === code ? code : `${code} (${name.en})`,
  };
}

/** The place within its prefecture, `北海道石狩市` and `Ishikari, Hokkaido`; the code when unknown. */
export function placeName(code: string, places: PlaceTree): Bilingual {
  const name = places.nameOf(code);
  return name === undefined ? { ja: code, en: code } : clip(name);
}

export function placeList(codes: readonly string[], places: PlaceTree): Bilingual {
  const labels = codes.slice(0, NAMED_PLACES_MAX).map((code) => placeLabel(code, places));
  const rest = codes.length - labels.length;
  return {
    ja: [...labels.map((label) => label.ja), ...(rest > 0 ? [`ほか${rest}か所`] : [])].join('、'),
    en: [...labels.map((label) => label.en), ...(rest > 0 ? [`${rest} more`] : [])].join(', '),
  };
}

/**
 * The level at which a person sees where a copy strayed: the widest place around the site that
 * holds none of the allowed places. A boundary of prefectures is answered with a prefecture, one
 * of municipalities with a municipality, and a site abroad with its country. A copy that did not
 * stray is placed by its prefecture.
 */
export function strayedPlace(site: string, allowed: readonly string[], places: PlaceTree): string {
  const chain = places.ancestors(site);
  const prefecture = chain.at(-2) ?? chain.at(-1) ?? site;
  if (allowed.length === 0 || chain.some((code) => allowed.includes(code))) return prefecture;
  const around = new Set(allowed.flatMap((code) => places.ancestors(code)));
  return chain.toReversed().find((code) => !around.has(code)) ?? prefecture;
}

/** Cut to what a {@link Bilingual} may hold, never through a character. */
export function clip(text: Bilingual): Bilingual {
  return { ja: clipOne(text.ja), en: clipOne(text.en) };
}

function clipOne(text: string): string {
  if (text.length <= TEXT_MAX) return text;
  const cut = text.slice(0, TEXT_MAX - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
