import type {
  ApplyResponse,
  CrossingSummary,
  Explanation,
  PlanResponse,
  Place,
  UsageReport,
} from '@sekisho/contract';

export const digest = `sha256:${'ab'.repeat(32)}`;
export const crossingId = '019d4682-2000-7000-8000-000000000000';

export const plan: PlanResponse = {
  baseRevision: 3,
  changes: [
    { operation: 'add', subject: 'endpoint mini-tokyo', path: '', after: { id: 'mini-tokyo' } },
    {
      operation: 'change',
      subject: 'workspace city-demo/resident-services',
      path: 'boundary.allow.process',
      before: ['JP-01'],
      after: ['JP-01', 'JP-13'],
    },
    { operation: 'remove', subject: 'site overseas-1', path: '', before: { id: 'overseas-1' } },
  ],
};

export const applied: ApplyResponse = {
  revision: { revision: 4, digest, appliedAt: '2026-11-23T22:47:28.000Z', appliedBy: 'operator:admin' },
  changes: plan.changes,
};

const boundaryReason = {
  policy: 'boundary/city-demo/resident-services/back-up',
  effect: 'default-deny',
  reason: { ja: '北海道へのバックアップは許可されていません。', en: 'Backup in Hokkaido is not allowed.' },
} as const;

export const denied: Explanation = {
  decision: 'deny',
  platformRevision: 3,
  policyDigest: digest,
  policies: [boundaryReason],
  endpoints: [
    {
      endpoint: 'mini-tokyo',
      allowed: false,
      copies: [
        {
          kind: 'processing',
          site: 'tokyo-1',
          place: '131016',
          placeName: { ja: '千代田区（東京都）', en: 'Chiyoda, Tokyo' },
          allowed: true,
          reasons: [],
        },
        {
          kind: 'backup',
          site: 'sapporo-1',
          place: '011002',
          placeName: { ja: '札幌市（北海道）', en: 'Sapporo, Hokkaido' },
          allowed: false,
          reasons: [boundaryReason],
        },
      ],
      summary: { ja: 'JP-01（北海道）でのバックアップ', en: 'backup in JP-01 (Hokkaido)' },
    },
  ],
};

export const allowed: Explanation = {
  ...denied,
  decision: 'allow',
  policies: [],
  endpoints: denied.endpoints.map((endpoint) => ({
    ...endpoint,
    allowed: true,
    copies: endpoint.copies.slice(0, 1),
  })),
};

const facts = {
  tenant: 'city-demo',
  workspace: 'resident-services',
  principal: 'key:k7m2p9',
  action: 'process',
  subject: 'sekisho-mini',
  dataClass: 'special-care',
  purpose: 'inference',
  platformRevision: 3,
  decision: 'allow',
  requestCommitment: `hmac-sha256:${'cd'.repeat(32)}`,
} as const;

export const crossings: CrossingSummary[] = [
  {
    ...facts,
    crossing: crossingId,
    startedAt: '2026-11-23T22:47:28.000Z',
    intentIndex: 1,
    outcome: {
      index: 2,
      endedAt: '2026-11-23T22:47:29.000Z',
      result: 'completed',
      status: 200,
      carried: {
        endpoint: 'an-endpoint-with-a-rather-long-name-of-its-own',
        assurance: 'operator-attested',
        places: ['012351', '131016'],
      },
      answerCommitment: `hmac-sha256:${'ef'.repeat(32)}`,
      usage: { inputTokens: 12, outputTokens: 34, estimated: true, amountYen: '1234567.000000000012' },
    },
  },
  {
    ...facts,
    crossing: '019d4682-1000-7000-8000-000000000000',
    startedAt: '2026-11-23T22:40:00.000Z',
    intentIndex: 0,
  },
];

export const usage: UsageReport = {
  rows: [
    {
      tenant: 'a-city-with-a-rather-long-name-of-its-own',
      workspace: 'resident-services-counter',
      model: 'sekisho-mini',
      day: '2026-11-24',
      crossings: 12_345,
      inputTokens: 1_234_567,
      outputTokens: 7_654_321,
      amountYen: '1234567.000000000012',
    },
  ],
  total: {
    crossings: 12_345,
    inputTokens: 1_234_567,
    outputTokens: 7_654_321,
    amountYen: '1234567.000000000012',
  },
};

export const chiyoda: Place = {
  code: '131016',
  kind: 'municipality',
  name: { ja: '千代田区', en: 'Chiyoda-ku' },
  kana: 'ちよだく',
  parent: 'JP-13',
  validFrom: '1947-03-15',
};

export const key = {
  keyId: 'k7m2p9',
  tenant: 'city-demo',
  workspace: 'resident-services',
  label: '窓口',
  createdAt: '2026-11-23T22:47:28.000Z',
};
