/**
 * Codes that the locale data names and ISO 3166-1 does not assign: exceptionally reserved,
 * user-assigned and withdrawn ones.
 */
const NOT_ASSIGNED = new Set(
  'AC CP CQ DG EA EU EZ IC TA UN QO XA XB XK ZZ AN BU CS CT DD DY FQ FX HV JT MI NH NQ NT PC PU PZ RH SU TP UK VD WK YD YU ZR'.split(
    ' ',
  ),
);
const ASSIGNED_COUNT = 249;

/** All countries of ISO 3166-1 with the names of the Unicode CLDR in this Node. Throws if not 249. */
export function listCountries(): { code: string; ja: string; en: string }[] {
  const english = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const japanese = new Intl.DisplayNames('ja', { type: 'region', fallback: 'none' });
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  const countries = letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => !NOT_ASSIGNED.has(code))
    .flatMap((code) => {
      const en = english.of(code);
      const ja = japanese.of(code);
      return en === undefined || ja === undefined ? [] : [{ code, ja, en }];
    });
  if (countries.length !== ASSIGNED_COUNT) throw new Error(`${countries.length} countries, not 249`);
  return countries;
}
