import type { Language } from '@sekisho/contract';

/** JIS X 0401, 01 to 47. */
const prefectures = `
北海道/Hokkaido 青森県/Aomori 岩手県/Iwate 宮城県/Miyagi 秋田県/Akita 山形県/Yamagata 福島県/Fukushima 茨城県/Ibaraki
栃木県/Tochigi 群馬県/Gunma 埼玉県/Saitama 千葉県/Chiba 東京都/Tokyo 神奈川県/Kanagawa 新潟県/Niigata 富山県/Toyama
石川県/Ishikawa 福井県/Fukui 山梨県/Yamanashi 長野県/Nagano 岐阜県/Gifu 静岡県/Shizuoka 愛知県/Aichi 三重県/Mie
滋賀県/Shiga 京都府/Kyoto 大阪府/Osaka 兵庫県/Hyogo 奈良県/Nara 和歌山県/Wakayama 鳥取県/Tottori 島根県/Shimane
岡山県/Okayama 広島県/Hiroshima 山口県/Yamaguchi 徳島県/Tokushima 香川県/Kagawa 愛媛県/Ehime 高知県/Kochi
福岡県/Fukuoka 佐賀県/Saga 長崎県/Nagasaki 熊本県/Kumamoto 大分県/Oita 宮崎県/Miyazaki 鹿児島県/Kagoshima 沖縄県/Okinawa
`
  .trim()
  .split(/\s+/)
  .map((names) => names.split('/'));

/** A name of the prefecture or country that a place code begins with; empty where there is none. */
export function placeName(code: string, language: Language): string {
  const prefecture = /^(?:JP-)?(\d\d)(?:\d{4})?$/.exec(code)?.[1];
  const names = prefecture === undefined ? undefined : prefectures[Number(prefecture) - 1];
  if (names !== undefined) return names[language === 'ja' ? 0 : 1] ?? '';
  return countryName(code.slice(0, 2), language);
}

function countryName(code: string, language: Language): string {
  if (!/^[A-Z]{2}$/.test(code)) return '';
  const name = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }).of(code);
  return name ?? '';
}
