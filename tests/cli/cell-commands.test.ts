import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiKeySummary,
  ApplyResponse,
  CreatedKey,
  CrossingList,
  CrossingRebuild,
  CrossingSummary,
  Explanation,
  KeyList,
  PlaceList,
  PlanResponse,
  PlatformHistory,
  UsageRebuild,
  UsageReport,
} from '@sekisho/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import { sekisho } from './run-command.ts';
import { sekishoInProcess } from './run-in-process.ts';
import {
  allowed,
  applied,
  chiyoda,
  crossingId,
  crossings,
  denied,
  key,
  plan,
  usage,
} from './sample-answers.ts';
import { StandInCell } from './stand-in-cell.ts';

let cell: StandInCell;
let folder: string;
beforeAll(async () => {
  cell = await StandInCell.start();
  folder = await mkdtemp(join(tmpdir(), 'sekisho-cli-'));
});
afterEach(() => cell.reset());
afterAll(async () => {
  await cell[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  sekisho(args, { env: { ...cell.env, ...env }, cwd: folder });

async function document(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

const fits = (text: string): boolean => text.split('\n').every((line) => displayWidth(line) <= 80);

describe('every command with --json gives what the contract says', () => {
  const rebuild = { equal: true, differences: [], entriesRead: 7 };
  const history = { revisions: [applied.revision] };
  const revoked = { ...key, workspace: 'w'.repeat(48), revokedAt: '2026-11-24T00:00:00.000Z' };
  const where = ['--tenant', 'city-demo', '--workspace', 'resident-services'];
  const rebuildPath = 'POST /admin/v1/crossings/rebuild';
  const [startedAt, finishedAt] = ['2026-11-24T00:00:00.000Z', '2026-11-24T00:00:01.000Z'];
  const rebuilt = { complete: true, rebuild: { state: 'finished', startedAt, finishedAt, entriesRead: 7 } };
  const rebuildFailed = { complete: false, rebuild: { state: 'failed', startedAt, finishedAt } };
  const progress = { phase: 'reading', startedAt, entriesRead: 256, entriesTotal: 12_345_678 };
  const rebuilding = { complete: true, rebuild: { state: 'running', ...progress } };
  test.each([
    [['plan', 'p.yaml'], 'POST /admin/v1/platform/plan', plan, PlanResponse, 0],
    [['apply', 'p.yaml', '--yes'], 'POST /admin/v1/platform/apply', applied, ApplyResponse, 0],
    [['history'], 'GET /admin/v1/platform/history', history, PlatformHistory, 0],
    [['explain', ...where], 'POST /admin/v1/explain', allowed, Explanation, 0],
    [['explain', ...where], 'POST /admin/v1/explain', denied, Explanation, 1],
    [
      ['crossings', 'list'],
      'GET /admin/v1/crossings',
      { crossings, nextCursor: 'c'.repeat(44) },
      CrossingList,
      0,
    ],
    [['crossings', 'list', '--all'], 'GET /admin/v1/crossings', { crossings }, CrossingList, 0],
    [
      ['crossings', 'show', crossingId],
      `GET /admin/v1/crossings/${crossingId}`,
      crossings[0],
      CrossingSummary,
      0,
    ],
    [['crossings', 'rebuild'], rebuildPath, rebuilt, CrossingRebuild, 0],
    [['crossings', 'rebuild'], rebuildPath, rebuildFailed, CrossingRebuild, 1],
    [
      ['crossings', 'rebuild', '--status'],
      rebuildPath.replace('POST', 'GET'),
      rebuilding,
      CrossingRebuild,
      0,
    ],
    [['usage'], 'GET /admin/v1/usage', usage, UsageReport, 0],
    [['usage', 'rebuild'], 'POST /admin/v1/usage/rebuild', rebuild, UsageRebuild, 0],
    [['usage', 'rebuild'], 'POST /admin/v1/usage/rebuild', { ...rebuild, equal: false }, UsageRebuild, 1],
    [['keys', 'create', ...where], 'POST /admin/v1/keys', { key, secret: 'sk-x' }, CreatedKey, 0],
    [['keys', 'list'], 'GET /admin/v1/keys', { keys: [key] }, KeyList, 0],
    [['keys', 'revoke', key.keyId], `POST /admin/v1/keys/${key.keyId}/revoke`, revoked, ApiKeySummary, 0],
    [['places', '--name', '千代田'], 'GET /admin/v1/places', { places: [chiyoda] }, PlaceList, 0],
  ])(
    '%j',
    async (args, request, answer, schema, exitCode) => {
      const file = await document('p.yaml', 'apiVersion: sekisho/v1\n');
      const there = args.map((argument) => (argument === 'p.yaml' ? file : argument));
      cell.answers('POST /admin/v1/platform/plan', plan);
      cell.answers(request, answer);
      const { code, stdout, stderr } = await run([...there, '--json']);
      expect({ code, stderr }).toEqual({ code: exitCode, stderr: '' });
      expect(schema.parse(JSON.parse(stdout))).toEqual(answer);
      expect(cell.received.every((each) => each.authorization === 'Bearer admin-key-of-the-test')).toBe(true);

      // The same for a person, in both languages, within 80 columns.
      for (const language of ['ja', 'en'] as const) {
        const shown = await sekishoInProcess(there, { env: cell.env, cwd: folder, language });
        expect({ code: shown.code, fits: fits(shown.stdout) }).toEqual({ code: exitCode, fits: true });
        expect(shown.stdout).not.toContain('\u001b');
      }
    },
    20_000,
  );
});

test('a plan shows what is added, changed and removed', async () => {
  cell.answers('POST /admin/v1/platform/plan', plan);
  const file = await document('p.yaml', 'sites:\n  - id: tokyo-1\n');
  const { stdout } = await run(['plan', file]);
  expect(stdout).toMatch(/^ {2}\+ endpoint mini-tokyo$/m);
  expect(stdout).toMatch(/^ {2}~ workspace city-demo\/resident-services {2}boundary\.allow\.process$/m);
  expect(stdout).toContain('["JP-01","JP-13"]');
  expect(stdout).toMatch(/^ {2}- site overseas-1$/m);
  expect(cell.received[0]?.body).toEqual({ platform: { sites: [{ id: 'tokyo-1' }] } });
});

test('an apply names the revision that was planned against', async () => {
  cell.answers('POST /admin/v1/platform/plan', plan);
  cell.answers('POST /admin/v1/platform/apply', applied);
  const file = await document('p.yaml', 'sites: []\n');
  const { code, stdout } = await run(['apply', file, '--yes']);
  expect(code).toBe(0);
  expect(stdout).toContain('+ endpoint mini-tokyo');
  expect(cell.received[1]?.body).toEqual({ platform: { sites: [] }, baseRevision: 3 });
});

test('an apply without a terminal needs --yes, and asks the cell nothing before', async () => {
  const file = await document('p.yaml', 'sites: []\n');
  const { code, stderr } = await run(['apply', file]);
  expect(code).toBe(2);
  expect(stderr).toContain('[confirmation_required]');
  expect(cell.received).toEqual([]);
});

describe('a document that is not right', () => {
  test('YAML errors come with line and column', async () => {
    const file = await document('bad.yaml', 'sites:\n  - id: a\n    id: b\n  - [1, 2\n');
    const { code, stderr } = await run(['plan', file, '--json']);
    expect(code).toBe(2);
    const { error } = JSON.parse(stderr) as { error: { code: string; faults: { position: unknown }[] } };
    expect(error.code).toBe('yaml_invalid');
    expect(error.faults.map((fault) => fault.position)).toContainEqual({ line: 3, column: 5 });
    const shown = await run(['plan', file]);
    expect(shown.stderr).toMatch(/^ {2}3:5 {2}/m);
    expect(cell.received).toEqual([]);
  });

  test.each([
    ['two documents', 'a: 1\n---\nb: 2\n', 'yaml_invalid'],
    ['nothing', '', 'yaml_invalid'],
    [
      'aliases that expand without end',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[at]}`).join(',')}]\n`)
        .join('')}`,
      'yaml_invalid',
    ],
    ['more than the limit', `a: ${'x'.repeat(1024 * 1024)}\n`, 'file_too_large'],
  ])('%s', async (_, text, expected) => {
    const { code, stderr } = await run(['plan', await document('odd.yaml', text)]);
    expect(code).toBe(2);
    expect(stderr).toContain(`[${expected}]`);
  });

  test("the cell's faults come one a line with path, line and column, and a hint for numbers", async () => {
    cell.answers(
      'POST /admin/v1/platform/plan',
      {
        error: {
          code: 'platform_invalid',
          message: { ja: 'sekisho.yaml に誤りがあります。', en: 'The platform document is not valid.' },
          detail: { ja: '', en: '' },
          faults: [
            { path: 'sites.0.place', message: { ja: '文字列ではありません', en: 'expected a string' } },
            { path: 'bogus', message: { ja: '知らない項目です', en: 'unknown field' } },
            { path: 'sites.0.operator.name', message: { ja: '必須です', en: 'required' } },
          ],
        },
      },
      { status: 422 },
    );
    const file = await document(
      's.yaml',
      'sites:\n  - id: tokyo-1\n    place: 131016\n    operator: {}\nbogus: 7\n',
    );
    const { code, stderr } = await run(['plan', file, '--lang', 'ja']);
    expect(code).toBe(2);
    expect(stderr).toContain('sekisho.yaml に誤りがあります。');
    expect(stderr).toMatch(/^ {2}3:12 {2}sites\.0\.place {2}文字列ではありません$/m);
    expect(stderr).toContain('"131016"');
    expect(stderr).toMatch(/^ {2}5:8 {2}bogus {2}知らない項目です$/m);
    expect(stderr).not.toContain('"7"');
    expect(stderr).toMatch(/^ {2}4:15 {2}sites\.0\.operator\.name {2}必須です$/m);
    expect(stderr).toContain('[platform_invalid]');
  });
});

test('an explanation gives every copy with its place, and why it was refused', async () => {
  cell.answers('POST /admin/v1/explain', denied);
  const args = ['explain', '--tenant', 'city-demo', '--workspace', 'resident-services', '--action', 'store'];
  const { code, stdout } = await run([...args, '--lang', 'ja', '--data-class', 'my-number']);
  expect(code).toBe(1);
  expect(stdout).toContain('✓ 処理  千代田区（東京都） (131016)  tokyo-1');
  expect(stdout).toContain('✗ バックアップ  札幌市（北海道） (011002)  sapporo-1');
  expect(stdout).toContain('北海道へのバックアップは許可されていません。');
  expect(cell.received[0]?.body).toEqual({
    tenant: 'city-demo',
    workspace: 'resident-services',
    action: 'store',
    dataClass: 'my-number',
    purpose: 'inference',
  });
});

test('bad options are listed together, before the cell is asked', async () => {
  const args = ['explain', '--tenant', 'City!', '--workspace', 'w', '--action', 'fly', '--json'];
  const { code, stderr } = await run(args);
  const { error } = JSON.parse(stderr) as { error: { code: string; faults: { path: string }[] } };
  expect({ code, error: error.code }).toEqual({ code: 2, error: 'usage' });
  expect(error.faults.map((fault) => fault.path)).toEqual(['--tenant', '--action']);
  expect(cell.received).toEqual([]);
});

test('a list passes its filters on', async () => {
  cell.answers('GET /admin/v1/crossings', { crossings: [] });
  const filters = {
    tenant: 'a',
    workspace: 'b',
    from: '2026-04-01',
    to: '2026-04-01T09:00:00+09:00',
    principal: 'key:k1',
    action: 'process',
    place: 'JP-13',
    decision: 'deny',
    result: 'denied',
    dataClass: 'my-number',
    model: 'mini',
    endpoint: 'one',
    assurance: 'declared',
    requestCommitment: `hmac-sha256:${'0'.repeat(64)}`,
    answerCommitment: `hmac-sha256:${'1'.repeat(64)}`,
    limit: '7',
    cursor: 'x',
  };
  const flags = Object.entries(filters).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    value,
  ]);
  const { code, stderr } = await run(['crossings', 'list', ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(cell.received[0]?.query).toEqual(filters);
});

test.each([
  [
    ['crossings', 'list', '--place', 'Tokyo', '--from', 'April'],
    ['--from', '--place'],
  ],
  [['crossings', 'list', '--csv', '--jsonl'], undefined],
  [['crossings', 'list', '--limit', '1001'], ['--limit']],
  [['crossings', 'show', '../keys'], undefined],
  [['crossings', 'find', '--tenant', 'a', '--from', '2026-04-01', '--to', '2026-04-02'], undefined],
  [['receipts', 'get', crossingId, '--format', 'pdf'], ['--format']],
])('%j is refused before the cell is asked', async (args, paths) => {
  const { code, stderr } = await run([...args, '--json']);
  const { error } = JSON.parse(stderr) as { error: { code: string; faults?: { path: string }[] } };
  expect({ code, error: error.code }).toEqual({ code: 2, error: 'usage' });
  expect(error.faults?.map((fault) => fault.path)).toEqual(paths);
  expect(cell.received).toEqual([]);
});

test('all pages follow each other by their cursors', async () => {
  cell.answersInTurn('GET /admin/v1/crossings', [
    { crossings: [crossings[0]], nextCursor: 'next' },
    { crossings: [crossings[1]] },
  ]);
  const { code, stdout } = await run(['crossings', 'list', '--all', '--json', '--tenant', 'city-demo']);
  expect(code).toBe(0);
  expect(CrossingList.parse(JSON.parse(stdout))).toEqual({ crossings });
  expect(cell.received.map((each) => each.query)).toEqual([
    { tenant: 'city-demo', limit: '1000' },
    { tenant: 'city-demo', limit: '1000', cursor: 'next' },
  ]);
});

describe('a text that somebody holds', () => {
  const path = 'POST /admin/v1/crossings/find-payload';
  const period = ['--tenant', 'city-demo', '--from', '2026-11-01', '--to', '2026-11-30'];

  test('is looked for by its bytes, to the end of the period', async () => {
    cell.answersInTurn(path, [
      { found: [], tested: 20_000, untestable: 3, nextCursor: 'next' },
      { found: [crossings[0]], tested: 5, untestable: 0 },
    ]);
    const file = await document('request.json', '{"messages":[]}\n');
    const { code, stdout } = await run(['crossings', 'find', '--request', file, ...period, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ found: [crossings[0]], tested: 20_005, untestable: 3 });
    expect(cell.received.map(({ query, body }) => [query['side'], query['cursor'], body])).toEqual([
      ['request', undefined, '{"messages":[]}\n'],
      ['request', 'next', '{"messages":[]}\n'],
    ]);
  });

  test.each(['ja', 'en'] as const)(
    'that is not found is exit code 1 and says what was not tested: %s',
    async (language) => {
      cell.answers(path, { found: [], tested: 9, untestable: 3 });
      const file = await document('answer.json', 'x');
      const shown = await sekishoInProcess(['crossings', 'find', '--answer', file, ...period], {
        env: cell.env,
        cwd: folder,
        language,
      });
      expect({ code: shown.code, fits: fits(shown.stdout) }).toEqual({ code: 1, fits: true });
      expect(shown.stdout).toMatch(/9[^]*3/);
      expect(cell.received[0]?.query['side']).toBe('answer');
    },
  );
});

test('a rebuild is followed to its end', async () => {
  const [startedAt, finishedAt] = ['2026-11-24T00:00:00.000Z', '2026-11-24T00:00:01.000Z'];
  const running = { state: 'running', phase: 'reading', startedAt, entriesRead: 1, entriesTotal: 2 };
  const finished = { state: 'finished', startedAt, finishedAt, entriesRead: 2 };
  cell.answers('POST /admin/v1/crossings/rebuild', { complete: true, rebuild: running });
  cell.answers('GET /admin/v1/crossings/rebuild', { complete: true, rebuild: finished });
  const { code, stdout } = await run(['crossings', 'rebuild', '--json']);
  expect(code).toBe(0);
  expect(CrossingRebuild.parse(JSON.parse(stdout)).rebuild).toEqual(finished);
});

test.each([
  [['usage', '--from', '2026-04-01'], '/admin/v1/usage', '--csv', 'text/csv', { from: '2026-04-01' }],
  [['crossings', 'list'], '/admin/v1/crossings', '--csv', 'text/csv', {}],
  [
    ['crossings', 'list', '--limit', '9'],
    '/admin/v1/crossings',
    '--jsonl',
    'application/jsonl',
    { limit: '9' },
  ],
])('an export of %j from %s by %s comes as the cell wrote it', async (args, path, flag, type, query) => {
  const text = '\uFEFFday,amountYen\r\n2026-04-01,1.5\r\n';
  cell.answers(`GET ${path}`, text, { headers: { 'content-type': `${type}; charset=utf-8` } });
  const { code, stdout } = await run([...args, flag]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: text });
  expect(cell.received[0]).toMatchObject({ accept: type, query });
});

test('an export that breaks off is an error, whatever came of it', async () => {
  cell.answers('GET /admin/v1/crossings', 'crossing\r\n', {
    headers: { 'content-type': 'text/csv; charset=utf-8', 'content-length': '1000' },
  });
  const { code, stderr } = await run(['crossings', 'list', '--csv']);
  expect(code).toBe(2);
  expect(stderr).toContain('[cell_unreachable]');
});

test('JSON in place of the CSV asked for is refused', async () => {
  cell.answers('GET /admin/v1/usage', usage);
  const { code, stderr } = await run(['usage', '--csv']);
  expect(code).toBe(2);
  expect(stderr).toContain('[cell_answer_invalid]');
});

describe('a receipt', () => {
  const receiptFile = new URL('../../vectors/receipts/valid/completed.json', import.meta.url);

  test('is written byte for byte, so that it verifies', async () => {
    const served = await readFile(receiptFile, 'utf8');
    cell.answers(`GET /v1/receipts/${crossingId}`, served);
    const printed = await run(['receipts', 'get', crossingId]);
    expect(printed.stdout).toBe(served);
    const file = join(folder, 'r.json');
    expect((await run(['receipts', 'get', crossingId, '-o', file])).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(served);
  });

  test.each([
    ['tlog-proof', 'c2sp.org/tlog-proof@v1\n'],
    ['cose', '\u0012'],
  ])('in the form %s is asked for by name, and must look like it', async (form, start) => {
    const served = form === 'cose' ? Buffer.from([0xd2, 0x84, 0xff]) : Buffer.from(start);
    cell.answers(`GET /v1/receipts/${crossingId}`, served);
    const file = join(folder, `r.${form}`);
    expect((await run(['receipts', 'get', crossingId, '--format', form, '-o', file])).code).toBe(0);
    expect(await readFile(file)).toEqual(served);
    expect(cell.received[0]?.query).toEqual({ format: form });
    cell.answers(`GET /v1/receipts/${crossingId}`, 'something else');
    const { code, stderr } = await run(['receipts', 'get', crossingId, '--format', form]);
    expect(code).toBe(2);
    expect(stderr).toContain('[cell_answer_invalid]');
  });

  test("an error in OpenAI's shape is shown in the chosen language", async () => {
    const error = {
      message: 'No.',
      type: 'invalid_request_error',
      param: null,
      code: 'receipt_not_ready',
      sekisho: { message: { ja: 'まだです。', en: 'Not yet.' }, faults: [] },
    };
    cell.answers(`GET /v1/receipts/${crossingId}`, { error }, { status: 409 });
    const { code, stderr } = await run(['receipts', 'get', crossingId, '--lang', 'ja']);
    expect(code).toBe(2);
    expect(stderr).toBe('エラー: まだです。\n[receipt_not_ready]\n');
  });

  test('an id that is none asks nobody', async () => {
    const { code, stderr } = await run(['receipts', 'get', '../admin/v1/keys']);
    expect(code).toBe(2);
    expect(stderr).toContain('[usage]');
    expect(cell.received).toEqual([]);
  });
});

test('a key id cannot leave its place in the path', async () => {
  const { code } = await run(['keys', 'revoke', '../../v1/explain?']);
  expect(code).toBe(2);
  expect(cell.received).toEqual([]);
});

test('a rebuild that found differences lists them', async () => {
  const row = usage.rows[0];
  cell.answers('POST /admin/v1/usage/rebuild', {
    equal: false,
    differences: [{ before: row }],
    entriesRead: 9,
  });
  const { code, stdout } = await run(['usage', 'rebuild']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ {2}- 2026-11-24$/m);
});

describe('a cell that does not keep the contract', () => {
  test.each([
    ['no JSON', 'hello', 200],
    ['an unknown field', { keys: [], extra: 1 }, 200],
    ['a wrong type', { keys: [{ ...key, keyId: 7 }] }, 200],
    ['an error without a code', { error: 'no' }, 500],
    ['an error page', '<html></html>', 502],
  ])('%s', async (_, body, status) => {
    cell.answers('GET /admin/v1/keys', body, { status });
    const { code, stdout, stderr } = await run(['keys', 'list']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('[cell_answer_invalid]');
  });

  test('a redirect is not followed: the admin key goes nowhere else', async () => {
    cell.answers('GET /admin/v1/keys', '', { status: 307, headers: { location: `${cell.url}/elsewhere` } });
    const { code } = await run(['keys', 'list']);
    expect(code).toBe(2);
    expect(cell.received.map((each) => each.path)).toEqual(['/admin/v1/keys']);
  });

  test('text that would draw on the terminal is shown, not obeyed', async () => {
    const label = 'a\u001b[2Jb\u202ec\u009bd\r';
    cell.answers('GET /admin/v1/keys', { keys: [{ ...key, label }] });
    const { stdout } = await run(['keys', 'list']);
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
    expect(stdout.replace(/\s/g, '')).toContain('\\u{1b}');
    const json = await run(['keys', 'list', '--json']);
    expect(json.stdout).not.toContain('\u202e');
    expect(KeyList.parse(JSON.parse(json.stdout)).keys[0]?.label).toBe(label);
  });
});

test("the cell's error comes with its code and id", async () => {
  const message = { ja: '内部エラーです。', en: 'Internal error.' };
  cell.answers(
    'GET /admin/v1/keys',
    { error: { code: 'internal_error', message, id: 'e42' } },
    { status: 500 },
  );
  const { code, stderr } = await run(['keys', 'list', '--lang', 'ja']);
  expect(code).toBe(2);
  expect(stderr).toBe('エラー: 内部エラーです。\n[internal_error, エラー番号 e42]\n');
  const json = await run(['keys', 'list', '--json']);
  expect(JSON.parse(json.stderr)).toEqual({ error: { code: 'internal_error', message, id: 'e42' } });
});
