import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A server that says when it is up, and ends with 7 on SIGTERM, 8 on SIGINT. */
const server = `
  process.on('SIGTERM', () => process.exit(7));
  process.on('SIGINT', () => process.exit(8));
  setInterval(() => {}, 1000);
  console.log('up', process.argv.slice(2).join(' '), process.env.SEKISHO_LANG);
`;
const launcher = (main: string): string => `
  import { runServer } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'server-process.ts')).href)};
  process.exitCode = await runServer(${JSON.stringify(main)}, ['--port', '0'], {
    env: process.env, language: 'ja', stdin: process.stdin,
  });
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-up-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function launch(source: string) {
  const main = join(folder, 'main.mjs');
  await writeFile(main, source);
  return spawn(process.execPath, ['--input-type=module', '-e', launcher(main)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

test.each([
  ['SIGTERM', 7],
  ['SIGINT', 8],
] as const)('%s reaches the server, whose exit code is ours', async (signal, expected) => {
  const child = await launch(server);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('up --port 0 ja\n');
  child.kill(signal);
  expect((await once(child, 'exit'))[0]).toBe(expected);
});

test('a server that fails to start gives its exit code', async () => {
  const child = await launch('process.exitCode = 3;');
  expect((await once(child, 'exit'))[0]).toBe(3);
});

test('a server that a signal ended counts as 128 and the signal', async () => {
  const child = await launch("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
  expect((await once(child, 'exit'))[0]).toBe(137);
});
