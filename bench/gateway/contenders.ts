import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { threeSitePlatform } from '../../tests/harness/platforms.ts';
import { portkeyProgram } from './peer-package.ts';
import { PinnedProcess } from './pinned-process.ts';

export const contenderNames = ['stub', 'nginx', 'bare-node', 'portkey', 'sekisho'] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Something that listens and passes chat completions on to the stub; the stub itself is one too. */
export interface Contender {
  readonly name: ContenderName;
  readonly port: number;
  readonly pid: number;
  /** What it wants in every request besides the content headers. */
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startStub(): Promise<Contender> {
  const { process: stub, port } = await PinnedProcess.listening('load', [
    join(import.meta.dirname, 'stub-upstream.ts'),
  ]);
  return { name: 'stub', port, pid: stub.pid, headers: {}, stop: () => stub.stop() };
}

export async function startBareNodeProxy(stubPort: number): Promise<Contender> {
  const { process: proxy, port } = await PinnedProcess.listening('contender', [
    join(import.meta.dirname, 'bare-proxy.ts'),
    String(stubPort),
  ]);
  return { name: 'bare-node', port, pid: proxy.pid, headers: {}, stop: () => proxy.stop() };
}

/** Undefined when nginx is not installed. One process, keep-alive on both sides, logs off. */
export async function startNginx(stubPort: number): Promise<Contender | undefined> {
  const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, 'nginx'))
    .find((file) => existsSync(file));
  if (program === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(' ');
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; ${temporary}
  keepalive_requests 100000000; client_max_body_size 1m; client_body_buffer_size 64k;
  upstream stub { server 127.0.0.1:${stubPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  const nginx = PinnedProcess.spawn('contender', [program, '-p', folder, '-c', join(folder, 'nginx.conf')]);
  const stop = async (): Promise<void> => {
    await nginx.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { name: 'nginx', port, pid: nginx.pid, headers: {}, stop };
}

/**
 * Portkey's gateway as its own server, without its log page. Undefined when it cannot be installed.
 * `bench/package.json` holds `@hono/node-server` at 1.13.8: with the versions after it, this release
 * of the gateway answers every stream with a 500. Its rate on whole answers is the same with both.
 */
export async function startPortkey(
  stubPort: number,
  say: (line: string) => void,
): Promise<Contender | undefined> {
  const program = portkeyProgram(say);
  if (program === undefined) return undefined;
  const { process: portkey, port } = await PinnedProcess.listening(
    'contender',
    ['--import', join(import.meta.dirname, 'listen-on-loopback.ts'), program, '--headless'],
    { NODE_ENV: 'production' },
  );
  const headers = {
    authorization: 'Bearer bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${stubPort}/v1`,
  };
  return { name: 'portkey', port, pid: portkey.pid, headers, stop: () => portkey.stop() };
}

/** The cell, with what the benchmark asks of its ledger at the end. */
export interface CellContender extends Contender {
  /** Crossings with an outcome in the tenant's log, as the usage report counts them. */
  recordedCrossings(): Promise<number>;
}

const MAIN = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'main.ts');
const TENANT = 'ministry';
const CellFile = z.object({ url: z.url() });

/**
 * A cell as an operator starts it: embedded PostgreSQL, durable ledger, a platform with three
 * sites, and a workspace that may use one of them. Nothing is switched off.
 */
export async function startCell(
  stubPort: number,
  nodeOptions: readonly string[] = [],
): Promise<CellContender> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const command = [process.execPath, ...nodeOptions, MAIN, '--home', home, '--port', '0', '--no-demo'];
  const cell = PinnedProcess.spawn('contender', command);
  const stop = async (): Promise<void> => {
    await cell.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await cell.greeting();
    const { url } = CellFile.parse(JSON.parse(await readFile(join(home, 'cell.json'), 'utf8')));
    const adminKey = (await readFile(join(home, 'admin.key'), 'utf8')).trim();
    const admin = administration(url, adminKey);
    const stub = `http://127.0.0.1:${stubPort}/v1`;
    const platform = threeSitePlatform({ ishikari: stub, tokyo: stub, overseas: stub });
    await admin('POST', '/platform/apply', { platform });
    const key = await admin('POST', '/keys', { tenant: TENANT, workspace: 'in-hokkaido' });
    const { secret } = z.object({ secret: z.string() }).parse(key);
    return {
      name: 'sekisho',
      port: Number(new URL(url).port),
      pid: cell.pid,
      headers: { authorization: `Bearer ${secret}` },
      stop,
      recordedCrossings: async () => {
        const report = await admin('GET', `/usage?tenant=${TENANT}`);
        return z.object({ total: z.object({ crossings: z.int() }) }).parse(report).total.crossings;
      },
    };
  } catch (cause) {
    await stop();
    throw new Error(`the cell did not start:\n${cell.output}`, { cause });
  }
}

/** Calls the administration API; the parsed body of a good answer, else an error with the body in it. */
function administration(
  url: string,
  adminKey: string,
): (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<unknown> {
  return async (method, path, body) => {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
