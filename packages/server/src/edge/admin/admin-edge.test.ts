import type { Bilingual } from '@sekisho/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ADMIN_KEY, FakeServer } from '../../flows/testing/chat-road.ts';
import { edgeServer } from '../testing/edge-server.ts';
import { adminEdge, type AdminFlows } from './admin-edge.ts';

let cell: Awaited<ReturnType<typeof edgeServer>>;
const calls: string[] = [];

/** Flows that only say that they were called: no request of these tests may get further. */
const flows = new Proxy({} as AdminFlows, {
  get: (_target, name) => {
    calls.push(String(name));
    throw new Error(`the flow ${String(name)} was called`);
  },
});

beforeAll(async () => {
  const model = new FakeServer(() => Promise.reject(new Error('not asked')));
  cell = await edgeServer(model, (authenticate) => adminEdge(authenticate, flows));
});

afterAll(async () => cell.close());

const Text = z.string().min(1);
const AdminError = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.strictObject({ ja: Text, en: Text }),
    faults: z.array(z.strictObject({ path: z.string(), message: z.strictObject({ ja: Text, en: Text }) })),
  }),
});

async function ask(
  method: string,
  path: string,
  options: { key?: string; body?: string; type?: string } = {},
): Promise<{ status: number; code: string; faults: { path: string; message: Bilingual }[] }> {
  const response = await fetch(`${cell.url}${path}`, {
    method,
    headers: {
      ...(options.key === '' ? {} : { authorization: `Bearer ${options.key ?? ADMIN_KEY}` }),
      ...(options.body === undefined ? {} : { 'content-type': options.type ?? 'application/json' }),
    },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
  const { error } = AdminError.parse(await response.json());
  return { status: response.status, code: error.code, faults: error.faults };
}

const routes = [
  ['POST', '/admin/v1/platform/plan'],
  ['POST', '/admin/v1/platform/apply'],
  ['GET', '/admin/v1/platform'],
  ['GET', '/admin/v1/platform/history'],
  ['POST', '/admin/v1/explain'],
  ['GET', '/admin/v1/keys'],
  ['POST', '/admin/v1/keys'],
  ['POST', '/admin/v1/keys/abc/revoke'],
  ['GET', '/admin/v1/usage'],
  ['POST', '/admin/v1/usage/rebuild'],
  ['GET', '/admin/v1/crossings'],
  ['GET', '/admin/v1/crossings/01990000-0000-7000-8000-000000000000'],
  ['GET', '/admin/v1/crossings/rebuild'],
  ['POST', '/admin/v1/crossings/rebuild'],
  ['POST', '/admin/v1/crossings/find-payload'],
  ['GET', '/admin/v1/places'],
  ['GET', '/admin/v1/retention'],
  ['POST', '/admin/v1/erasures/plan'],
  ['POST', '/admin/v1/erasures'],
  ['POST', '/admin/v1/backups'],
  ['POST', '/admin/v1/backups/forget'],
  ['GET', '/admin/v1/holds'],
  ['POST', '/admin/v1/holds'],
  ['POST', '/admin/v1/holds/release'],
] as const;

describe('the operator’s key', () => {
  it.each(routes)('is needed for %s %s, before the body is looked at', async (method, path) => {
    const body = method === 'POST' ? { body: '{' } : {};
    expect(await ask(method, path, { key: '', ...body })).toMatchObject({ status: 401 });
    expect(await ask(method, path, { key: 'wrong', ...body })).toMatchObject({ code: 'invalid_api_key' });
    expect(await ask(method, path, { key: cell.apiKey, ...body })).toMatchObject({ code: 'not_permitted' });
    expect(calls).toEqual([]);
  });
});

describe('a request is refused with its faults in both languages', () => {
  const explain = '/admin/v1/explain';
  it.each([
    ['POST', explain, '{"tenant":"City!","workspace":"x","action":"fly"}', ['tenant', 'action']],
    ['POST', explain, '{"tenant":"city","workspace":"x","surprise":1}', ['surprise']],
    ['POST', '/admin/v1/keys', '{"tenant":"city","label":""}', ['workspace', 'label']],
    ['POST', '/admin/v1/platform/apply', '{"platform":{},"baseRevision":-1}', ['baseRevision']],
    ['GET', '/admin/v1/usage?from=yesterday&page=2', undefined, ['from', 'page']],
    ['GET', '/admin/v1/crossings?limit=0', undefined, ['limit']],
    ['GET', '/admin/v1/crossings?limit=1&limit=2', undefined, ['limit']],
    ['GET', '/admin/v1/crossings?before=x&tenant=A&from=April', undefined, ['before', 'tenant', 'from']],
    [
      'GET',
      '/admin/v1/crossings?place=Tokyo&result=good&action=fly',
      undefined,
      ['place', 'result', 'action'],
    ],
    ['GET', '/admin/v1/crossings/7', undefined, ['crossing']],
    ['GET', '/admin/v1/places?on=2026-02-30', undefined, ['on']],
  ])('%s %s %s', async (method, path, body, paths) => {
    const refusal = await ask(method, path, body === undefined ? {} : { body });
    expect(refusal).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(refusal.faults.map((fault) => fault.path)).toEqual(expect.arrayContaining(paths));
    for (const { message } of refusal.faults) expect(message.ja).toMatch(/[ぁ-んァ-ヶ一-龠]/);
  });
});

describe('a search for a payload', () => {
  const type = 'application/octet-stream';
  const path = '/admin/v1/crossings/find-payload';

  it('takes bytes alone, and nothing that has no bound', async () => {
    expect(await ask('POST', path, { body: '{}' })).toMatchObject({ status: 415 });
    const refusal = await ask('POST', `${path}?tenant=city`, { body: '{', type });
    expect(refusal).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(refusal.faults.map((fault) => fault.path).sort()).toEqual(['from', 'side', 'to']);
    const large = { body: 'x'.repeat(4 * 1024 * 1024 + 1), type };
    expect(await ask('POST', path, large)).toMatchObject({ status: 413, code: 'request_too_large' });
    expect(calls).toEqual([]);
  });
});

describe('what is no request at all is the client’s fault, never an internal error', () => {
  it.each([
    ['no JSON', { body: '{"tenant":' }, 400, 'invalid_request'],
    ['nothing', { body: '' }, 400, 'invalid_request'],
    ['a prototype', { body: '{"tenant":"a","workspace":"b","__proto__":{"x":1}}' }, 400, 'invalid_request'],
    ['a constructor', { body: '{"tenant":"a","constructor":{"prototype":{}}}' }, 400, 'invalid_request'],
    [
      'a form',
      { body: 'tenant=a', type: 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['too much', { body: `"${'x'.repeat(65 * 1024)}"` }, 413, 'request_too_large'],
  ])('%s', async (_name, options, status, code) => {
    expect(await ask('POST', '/admin/v1/explain', options)).toMatchObject({ status, code });
    expect(cell.errors).toEqual([]);
  });

  it.each([
    ['GET', '/admin/v1/nowhere', 404, 'not_found'],
    ['DELETE', '/admin/v1/platform', 404, 'not_found'],
    ['GET', '/nowhere', 404, 'not_found'],
    ['GET', '/admin/v1/%zz', 400, 'invalid_request'],
    ['POST', `/admin/v1/keys/${'a'.repeat(200)}/revoke`, 400, 'invalid_request'],
    ['POST', `/admin/v1/keys/${'a'.repeat(80)}/revoke`, 400, 'invalid_request'],
  ])('%s %s', async (method, path, status, code) => {
    expect(await ask(method, path)).toMatchObject({ status, code });
    expect(cell.errors).toEqual([]);
  });
});

describe('a fault of the cell', () => {
  it('shows the client a number and nothing else, and logs the cause under it', async () => {
    const response = await fetch(`${cell.url}/admin/v1/keys`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain('was called');
    const { error } = AdminError.parse(JSON.parse(text));
    expect(error.code).toBe('internal_error');
    const logged = cell.errors.at(-1)!.fields as { id: string; cause: string };
    expect(error.message.en).toContain(logged.id);
    expect(logged.cause).toContain('was called');
    cell.errors.splice(0);
    calls.splice(0);
  });
});

describe('the OpenAPI document', () => {
  const Operation = z.looseObject({
    responses: z.record(z.string(), z.looseObject({})),
    requestBody: z
      .looseObject({
        content: z.union([
          z.looseObject({ 'application/json': z.looseObject({}) }),
          z.looseObject({ 'application/octet-stream': z.looseObject({}) }),
        ]),
      })
      .optional(),
    parameters: z
      .array(z.looseObject({ name: z.string(), in: z.enum(['query', 'path', 'header']) }))
      .optional(),
  });
  const OpenApi = z.looseObject({
    openapi: z.string().regex(/^3\.1\.\d+$/),
    info: z.looseObject({ title: Text, version: Text }),
    paths: z.record(z.string().startsWith('/'), z.record(z.string(), Operation)),
    security: z.tuple([z.strictObject({ adminKey: z.tuple([]) })]),
    components: z.looseObject({ securitySchemes: z.looseObject({ adminKey: z.looseObject({}) }) }),
  });

  it('lists every route with its body, parameters and answer', () => {
    const { paths } = OpenApi.parse(JSON.parse(JSON.stringify(cell.swagger())));
    const listed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    for (const [method, path] of routes)
      expect(listed).toContain(
        `${method} ${path.replace('abc', '{keyId}').replace(/01990000[^/]*/, '{crossing}')}`,
      );
    expect(paths['/admin/v1/explain']!['post']!.requestBody).toBeDefined();
    expect(paths['/admin/v1/usage']!['get']!.parameters!.map(({ name }) => name)).toContain('tenant');
    for (const operation of Object.values(paths).flatMap((operations) => Object.values(operations)))
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
  });

  it('has no reference that leads nowhere, and no word of OpenAPI 3.0', () => {
    const text = JSON.stringify(cell.swagger());
    const document = JSON.parse(text) as Record<string, unknown>;
    for (const [, pointer] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      let at: unknown = document;
      for (const part of pointer!.split('/')) at = (at as Record<string, unknown>)[part];
      expect(at, pointer).toBeDefined();
    }
    expect(text).not.toMatch(/"nullable":true/);
    expect(text).not.toMatch(/"exclusiveM(in|ax)imum":(true|false)/);
  });
});
