/** A platform with two sites in Japan and one abroad, each with one stub model server. */
export function threeSitePlatform(urls: {
  readonly ishikari: string;
  readonly tokyo: string;
  readonly overseas: string;
}): unknown {
  const operator = { name: 'Test Operator', country: 'JP' };
  const abroad = { name: 'Example Global Cloud', country: 'US' };
  const endpoint = (id: keyof typeof urls): unknown => ({
    id: `stub-${id}`,
    kind: 'openai-compatible',
    url: urls[id],
    models: [{ model: 'stub' }, { model: `stub-${id}`, upstreamModel: 'stub' }],
    copies: [
      { kind: 'processing', site: id },
      { kind: 'log', site: id },
    ],
  });
  return {
    apiVersion: 'sekisho/v1',
    operator,
    sites: [
      { id: 'ishikari', name: { ja: '石狩', en: 'Ishikari' }, place: '012351', operator },
      { id: 'tokyo', name: { ja: '東京', en: 'Tokyo' }, place: '131016', operator },
      { id: 'overseas', name: { ja: '海外', en: 'Overseas' }, place: 'US', operator: abroad },
    ],
    endpoints: [endpoint('ishikari'), endpoint('tokyo'), endpoint('overseas')],
    tenants: [
      {
        id: 'ministry',
        name: { ja: '省', en: 'Ministry' },
        workspaces: [workspace('in-japan', ['JP']), workspace('in-hokkaido', ['JP-01'])],
      },
    ],
    prices: ['stub', 'stub-ishikari', 'stub-tokyo', 'stub-overseas'].map((model) => ({
      model,
      inputYenPerMillionTokens: '15.25',
      outputYenPerMillionTokens: '60.000001',
    })),
  };
}

function workspace(id: string, places: readonly string[]): unknown {
  return {
    id,
    name: { ja: id, en: id },
    dataClasses: ['confidentiality-2'],
    boundary: { allow: { process: places, store: places } },
  };
}
