import { expect, test } from 'vitest';
import { parseExposition, type Exposition } from '../../../../tests/harness/parse-exposition.ts';
import { Metrics } from '../base/metrics.ts';
import { CrossingMetrics } from './observe-crossings.ts';
import { CrossingKernel, type CrossingRequest } from './crossing-kernel.ts';
import { allowed, chatRoad, fixedClock } from './testing/chat-road.ts';
import { systemRandom } from '../base/random.ts';

function observed() {
  const { inForce, ledger } = chatRoad({});
  const lines: unknown[] = [];
  const log = {
    info: (event: string, fields?: object) => void lines.push({ event, ...fields }),
    warn: () => {},
    error: () => {},
  };
  const metrics = new Metrics();
  const crossings = new CrossingMetrics(metrics, inForce, log);
  const kernel = new CrossingKernel(ledger, fixedClock, systemRandom(), crossings);
  const scrape = async (): Promise<Exposition> => {
    crossings.forgetRemoved();
    return parseExposition(await metrics.exposition('openmetrics'), 'openmetrics');
  };
  return { kernel, ledger, lines, scrape };
}

const request: CrossingRequest = {
  tenant: 'city',
  workspace: 'welfare',
  principal: 'key:abc',
  action: 'process',
  subject: 'mini',
  dataClass: 'confidentiality-2',
  purpose: 'a purpose that nobody logs',
  payload: Buffer.from('a prompt'),
};
const end = {
  result: 'completed',
  status: 200,
  usage: { inputTokens: 3, outputTokens: 2, estimated: false, amountYen: '0' },
} as const;

test('counts a crossing when its outcome is durable, and logs one line without words', async () => {
  const { kernel, lines, scrape } = observed();
  const crossing = await kernel.recordIntent(request, allowed([]));
  expect((await scrape()).sum('sekisho_crossings_open')).toBe(1);
  expect((await scrape()).sum('sekisho_crossings_total')).toBe(0);
  await crossing.recordOutcome(end);
  const told = await scrape();
  expect(told.sum('sekisho_crossings_open')).toBe(0);
  expect(
    told.sum('sekisho_crossings_total', { tenant: 'city', workspace: 'welfare', result: 'completed' }),
  ).toBe(1);
  expect(told.sum('sekisho_tokens_total', { gen_ai_token_type: 'input' })).toBe(3);
  expect(told.sum('sekisho_tokens_total', { gen_ai_token_type: 'output' })).toBe(2);
  expect(lines).toEqual([
    {
      event: 'crossing_ended',
      crossing: crossing.id,
      tenant: 'city',
      workspace: 'welfare',
      action: 'process',
      model: 'mini',
      endpoint: undefined,
      result: 'completed',
      error: undefined,
      status: 200,
      durationMs: 0,
      inputTokens: 3,
      outputTokens: 2,
    },
  ]);
});

test('counts nothing that the ledger has refused', async () => {
  const { kernel, ledger, scrape } = observed();
  const crossing = await kernel.recordIntent(request, allowed([]));
  ledger.refuses.add('outcome');
  await expect(crossing.recordOutcome(end)).rejects.toMatchObject({ code: 'ledger_unavailable' });
  expect((await scrape()).sum('sekisho_crossings_total')).toBe(0);
});

test('what the platform does not declare is no label', async () => {
  const { kernel, scrape } = observed();
  for (const strange of [{ workspace: 'gone' }, { subject: 'walrus' }]) {
    const crossing = await kernel.recordIntent({ ...request, ...strange }, allowed([]));
    await crossing.recordOutcome(end);
  }
  const told = await scrape();
  expect(told.sum('sekisho_crossings_total', { tenant: '', workspace: '' })).toBe(1);
  expect(told.sum('sekisho_crossings_total', { workspace: 'welfare' })).toBe(1);
  const labels = [...told.families.values()].flatMap(({ samples }) =>
    samples.flatMap((one) => Object.values(one.labels)),
  );
  expect(labels).not.toContain('walrus');
  expect(labels).not.toContain('gone');
});

test('a crossing of an earlier process counts without a duration', async () => {
  const { kernel, ledger, scrape } = observed();
  await kernel.recordIntent(request, allowed([]));
  const [intent] = ledger.entries;
  if (intent?.kind !== 'intent') throw new Error('no intent');
  await kernel
    .resume(intent, { index: 0, leafHash: new Uint8Array(32) })
    .recordOutcome({ ...end, result: 'interrupted' });
  const told = await scrape();
  expect(told.sum('sekisho_crossings_total', { result: 'interrupted' })).toBe(1);
  expect(told.sum('gen_ai_server_request_duration_seconds_count')).toBe(0);
  expect(told.sum('sekisho_crossings_open')).toBe(1);
});
