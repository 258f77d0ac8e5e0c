import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, ed25519NoteSigner, utf8 } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLogWithGo, whyGoIsMissing } from './verify-log-with-go.ts';
import { writeLogFolder } from './write-log-folder.ts';

// The full run needs Go, so there a missing Go fails instead of skipping.
const missing = process.env['SEKISHO_TEST_FULL'] === '1' ? undefined : await whyGoIsMissing();
const note = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`Go's sumdb verifies our logs${note}`, () => {
  const signer = ed25519NoteSigner('cell.example.jp/ledger/asahikawa', new Uint8Array(32).fill(1));
  const stranger = ed25519NoteSigner('cell.example.jp/ledger/asahikawa', new Uint8Array(32).fill(2));
  const entries = Array.from({ length: 70_000 }, (_, n) => canonicalJson({ version: 1, n, text: '記録' }));
  let home = '';

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'sekisho-interop-'));
    // The first build of the Go verifier compiles the standard library too.
    await logOf(1);
    await verifyLogWithGo(join(home, '1'), signer.verifierKey);
  }, 180_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  async function logOf(size: number, name = String(size)): Promise<string> {
    const folder = join(home, name);
    await writeLogFolder(folder, entries.slice(0, size), signer);
    return folder;
  }

  test.each([1, 2, 255, 256, 257, 1300])('of %i entries', async (size) => {
    const verdict = await verifyLogWithGo(await logOf(size), signer.verifierKey);
    expect(verdict).toEqual({
      ok: true,
      output: `verified: ${signer.name}, ${size} entries, ${2 * size} inclusion and consistency proofs`,
    });
  });

  test('of 70,000 entries, three tile levels, grown from 1,300', { timeout: 60_000 }, async () => {
    const older = join(await logOf(1300), 'checkpoint');
    const verdict = await verifyLogWithGo(await logOf(70_000), signer.verifierKey, older);
    expect(verdict.output).toMatch(/^verified: .*, 70000 entries, \d+ .* proofs, grown from 1300$/);
  });

  test.each([
    ['an entry', 'tile/entries/002', 700, /^refused: root:/],
    ['the last entry', 'tile/entries/005.p/20', -1, /^refused: root:/],
    ['the length of an entry', 'tile/entries/000', 1, /^refused: /],
    ['a hash in a full tile', 'tile/0/003', 100, /^refused: tile .*0\/003/],
    ['a hash in a partial tile', 'tile/0/005.p/20', 33, /^refused: tile .*0\/005/],
    ['a hash in a higher tile', 'tile/1/000.p/5', 159, /^refused: tile .*1\/000/],
    ['the size', 'checkpoint', signer.name.length + 1, /^refused: checkpoint:/],
    ['the signature', 'checkpoint', -10, /^refused: checkpoint:/],
  ])('and refuses %s changed', async (_, path, at, reason) => {
    const folder = await logOf(1300, 'changed');
    const file = join(folder, path);
    const bytes = readFileSync(file);
    const position = at < 0 ? bytes.length + at : at;
    bytes[position]! ^= 1;
    writeFileSync(file, bytes);
    const verdict = await verifyLogWithGo(folder, signer.verifierKey);
    expect(verdict).toEqual({ ok: false, output: expect.stringMatching(reason) as string });
  });

  test('and refuses another key, a missing tile, a log that forked', async () => {
    const folder = await logOf(1300, 'judged');
    expect((await verifyLogWithGo(folder, stranger.verifierKey)).output).toMatch(/^refused: checkpoint:/);

    const fork = join(home, 'fork');
    await writeLogFolder(fork, [utf8('another first entry'), ...entries.slice(1, 300)], signer);
    const verdict = await verifyLogWithGo(folder, signer.verifierKey, join(fork, 'checkpoint'));
    expect(verdict.output).toMatch(/^refused: consistency with 300/);

    rmSync(join(folder, 'tile/0/001'));
    expect((await verifyLogWithGo(folder, signer.verifierKey)).output).toMatch(/^refused: .*tile\/0\/001/);
  });
});
