import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCellHome } from './index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'sekisho-home-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('a home', () => {
  test('is made with its parents, private, and opens again', async () => {
    const folder = path.join(root, 'a', 'b');
    const first = await openCellHome(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const written = readFileSync(path.join(folder, 'home.json'), 'utf8');
    await first.close();
    const second = await openCellHome(folder);
    expect(second.pathOf('ledger', 'x')).toBe(path.join(second.folder, 'ledger', 'x'));
    expect(readFileSync(path.join(folder, 'home.json'), 'utf8')).toBe(written);
    expect(readdirSync(folder)).toEqual(['home.json']);
    await second.close();
  });

  test('belongs to one cell at a time, also through another path', async () => {
    const folder = path.join(root, 'home');
    const first = await openCellHome(folder);
    symlinkSync(folder, path.join(root, 'other'));
    await expect(openCellHome(path.join(root, 'other'))).rejects.toMatchObject({
      code: 'home_locked',
      detail: { en: folder },
    });
    await first.close();
    await (await openCellHome(folder)).close();
  });

  test('of two that start at once on a new folder one wins', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => openCellHome(path.join(root, 'home'))));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const lost of results.filter((result) => result.status === 'rejected')) {
      expect(lost.reason).toMatchObject({ code: 'home_locked' });
    }
    await won[0]?.value.close();
  });

  test('is free again after kill -9', async () => {
    const folder = path.join(root, 'home');
    const door = fileURLToPath(new URL('./index.ts', import.meta.url));
    const script = `import { openCellHome } from ${JSON.stringify(door)};
      await openCellHome(process.argv[1]); console.log('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(openCellHome(folder)).rejects.toMatchObject({ code: 'home_locked' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await openCellHome(folder)).close();
  });
});

describe('a folder is refused, and left as it was', () => {
  test.each([
    ['a file in its place', (at: string) => writeFileSync(at, 'mine')],
    ['a parent that is a file', (at: string) => writeFileSync(path.dirname(at), 'mine')],
    ['other content', (at: string) => (mkdirSync(at), writeFileSync(path.join(at, 'thesis.txt'), 'mine'))],
    ['a newer home', (at: string) => write(at, '{"format":2,"regions":[]}')],
    ['a damaged home.json', (at: string) => write(at, '{"format":1,"id"')],
    ['an empty home.json', (at: string) => write(at, '')],
    ['a home.json without its id', (at: string) => write(at, '{"format":1}')],
    ['format zero', (at: string) => write(at, `{"format":0,"id":"${'0'.repeat(32)}"}`)],
  ])('%s', async (_name, prepare) => {
    const at = path.join(root, 'parent', 'home');
    if (_name !== 'a parent that is a file') mkdirSync(path.dirname(at));
    prepare(at);
    const before = list(root);
    await expect(openCellHome(at)).rejects.toMatchObject({ code: 'home_unusable' });
    expect(list(root)).toEqual(before);
  });

  test('a folder that cannot be written', async () => {
    // Root writes everywhere but in the kernel's own tree.
    if (process.getuid?.() === 0) {
      await expect(openCellHome('/proc/self/fdinfo/home')).rejects.toMatchObject({ code: 'home_unusable' });
      return;
    }
    const at = path.join(root, 'home');
    mkdirSync(at);
    chmodSync(at, 0o500);
    await expect(openCellHome(at)).rejects.toMatchObject({ code: 'home_unusable' });
  });

  test('but what a crashed first start left, or a volume brings, is empty', async () => {
    const at = path.join(root, 'home');
    mkdirSync(path.join(at, 'lost+found'), { recursive: true });
    writeFileSync(path.join(at, 'home.json.0123456789abcdef.new'), '');
    await (await openCellHome(at)).close();
    expect(readdirSync(at)).toContain('home.json');
  });
});

function write(at: string, text: string): void {
  mkdirSync(at);
  writeFileSync(path.join(at, 'home.json'), text);
}

function list(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}
