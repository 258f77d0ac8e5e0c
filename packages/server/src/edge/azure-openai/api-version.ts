import { SekishoError } from '@sekisho/contract';

/**
 * Versions of Azure OpenAI's data plane whose chat completions are those of the contract, from the first with tools on
 * (Microsoft Learn, "Azure OpenAI API version lifecycle").
 */
const DATED = new Set([
  '2024-02-01',
  '2024-02-15-preview',
  '2024-03-01-preview',
  '2024-04-01-preview',
  '2024-05-01-preview',
  '2024-06-01',
  '2024-07-01-preview',
  '2024-08-01-preview',
  '2024-09-01-preview',
  '2024-10-01-preview',
  '2024-10-21',
  '2024-12-01-preview',
  '2025-01-01-preview',
  '2025-02-01-preview',
  '2025-03-01-preview',
  '2025-04-01-preview',
]);

/** The v1 API has no dates; without a version it is the current one. */
const UNDATED = new Set(['v1', 'latest', 'preview']);

/** Throws SekishoError `unsupported_parameter` for a version or a parameter that is not known, `invalid_request` for none. */
export function requireApiVersion(api: 'dated' | 'v1', query: string): void {
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => name !== 'api-version');
  if (unknown !== undefined) throw new SekishoError('unsupported_parameter', unknown.slice(0, 64));
  const [version, second] = given.getAll('api-version');
  if (version === undefined) {
    if (api === 'v1') return;
    throw new SekishoError('invalid_request', 'api-version', { faults: [versionFault(DATED)] });
  }
  const known = api === 'v1' ? UNDATED : DATED;
  if (known.has(version) && second === undefined) return;
  throw new SekishoError('unsupported_parameter', `api-version=${version.slice(0, 64)}`, {
    faults: [versionFault(known)],
  });
}

function versionFault(known: ReadonlySet<string>) {
  const list = [...known].join(', ');
  return { path: 'api-version', message: { ja: `${list} のいずれか`, en: `one of ${list}` } };
}
