/** What an auditor hands on: the report as JSON and as a page, and who signed it. */
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '@sekisho/contract';
import { parseVerifierKey, verifyNote } from '@sekisho/proof';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html } from '../../packages/cli/src/audit/report-html.ts';
import { signReports, verifyReport } from '../../packages/cli/src/audit/report-signature.ts';
import { crossingLog, revision } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { cellSigner, crossings, tenantSigner, writeCell, writeLog } from './audited-cell.ts';
import type { Finished } from './run-command.ts';
import { sekishoInProcess } from './run-in-process.ts';

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sekisho-audit-report-'));
  await writeFile(at('cell.vkey'), `${cellSigner.verifierKey}\n${tenantSigner.verifierKey}\n`);
  await writeCell(at('logs'), crossings(40), [2, 50]);
});
afterAll(() => rm(root, { recursive: true }));

const sekisho = (args: readonly string[], language: 'ja' | 'en' = 'en'): Promise<Finished> =>
  sekishoInProcess(args, { cwd: root, env: {}, language });
const audit = (args: readonly string[], language: 'ja' | 'en' = 'en'): Promise<Finished> =>
  sekisho(['audit', ...args, '--key', at('cell.vkey')], language);
const keyOf = async (file: string): Promise<string> => (await sekisho(['audit', 'key', file])).stdout.trim();

describe('a signed report', () => {
  test('is verified by the auditor’s key, each file by itself', async () => {
    const key = await keyOf(at('auditor.key'));
    expect((await stat(at('auditor.key'))).mode & 0o777).toBe(0o600);
    expect(await keyOf(at('auditor.key'))).toBe(key);
    const reports = [at('r.json'), at('r.html')];
    const options = reports.flatMap((file) => ['--report', file]);
    const { code, stdout } = await audit([at('logs'), ...options, '--sign', at('auditor.key'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(at('r.json'), 'utf8'))).toEqual(JSON.parse(stdout));

    const verify = (...args: readonly string[]) => sekisho(['audit', 'verify-report', ...args, '--json']);
    const verified = await verify(...reports, '--key', key);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      verdict: 'valid',
      files: reports.map((file) => ({ file, verdict: 'valid', signedBy: [key.split('+')[0]] })),
    });
    await writeFile(at('auditor.vkey'), `${key}\n`);
    expect((await verify(...reports, '--key', at('auditor.vkey'))).code).toBe(0);

    const other = await keyOf(at('other.key'));
    const reasons = async (...args: readonly string[]): Promise<unknown> => {
      const { code: exit, stdout: text } = await verify(...args);
      return [exit, (JSON.parse(text) as { files: object[] }).files];
    };
    expect(await reasons(at('r.json'), '--key', other)).toMatchObject([1, [{ reason: 'signature' }]]);
    await writeFile(at('r.html'), `${await readFile(at('r.html'), 'utf8')} `);
    expect(await reasons(...reports, '--key', key)).toMatchObject([
      1,
      [{ verdict: 'valid' }, { verdict: 'invalid', reason: 'file' }],
    ]);
    await writeFile(at('r.json.sig'), 'nothing');
    expect(await reasons(at('r.json'), '--key', key)).toMatchObject([1, [{ reason: 'note' }]]);
  });

  test('is a signed note over the digests', async () => {
    const signer = sampleSigner('auditor.example');
    const bytes = Buffer.from('report');
    const note = signReports([{ name: 'a\n"\u007f\ud800.html', bytes }], 0, signer);
    const { body } = verifyNote(note, [parseVerifierKey(signer.verifierKey)]);
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(body).toBe(
      `sekisho-audit-report/v1\ntime 1970-01-01T00:00:00.000Z\nsha256:${digest} "a\\n\\"\\u007f\\ud800.html"\n`,
    );
    const keys = [parseVerifierKey(signer.verifierKey)];
    expect(verifyReport(bytes, note, keys)).toMatchObject({ verdict: 'valid' });
    for (let position = 0; position < body.length; position++) {
      const changed = `${note.slice(0, position)}${note[position] === '0' ? '1' : '0'}${note.slice(position + 1)}`;
      expect(verifyReport(bytes, changed, keys).verdict).toBe('invalid');
    }
  });

  test.each(['report.pdf', 'report', '.json.sig'])('is not promised as %s', async (name) => {
    const { code, stderr } = await audit([at('logs'), '--report', at(name), '--json']);
    expect([code, JSON.parse(stderr)]).toMatchObject([2, { error: { code: 'usage' } }]);
  });

  test.each([
    ['a key that others can read', async (file: string) => chmod(file, 0o644)],
    [
      'the key of a witness',
      async (file: string) => {
        const seed = Buffer.alloc(32).toString('base64');
        await writeFile(file, JSON.stringify({ format: 1, name: 'w', algorithm: 'ed25519', seed }));
      },
    ],
    ['what is no key', async (file: string) => writeFile(file, 'seed')],
  ])('is not signed with %s, and nothing is written', async (_, spoil) => {
    await rm(at('spoilt.key'), { force: true });
    await keyOf(at('spoilt.key'));
    await spoil(at('spoilt.key'));
    const options = ['--report', at('spoilt.json'), '--sign', at('spoilt.key'), '--json'];
    const { code, stderr, stdout } = await audit([at('logs'), ...options]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'auditor_key_unusable' } });
    expect(stderr).not.toContain('seed');
    await expect(readFile(at('spoilt.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the page', () => {
  const page = async (place: string, language: 'ja' | 'en'): Promise<string> => {
    await audit([place, '--report', at(`${language}.html`)], language);
    return readFile(at(`${language}.html`), 'utf8');
  };

  test.each(['ja', 'en'] as const)('stands alone, in %s', async (language) => {
    const text = await page(at('logs'), language);
    expect(text).toContain(`<html lang="${language}">`);
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(text).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'"`);
    expect(text).not.toMatch(/<script|<link|<img|javascript:|url\(|@import| style=| on[a-z]+=/i);
    expect([...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to)).toEqual(['#log-0', '#log-1']);
    // Each heading follows one of the level above; each picture has a name; each column has a heading.
    expect([...text.matchAll(/<h([1-6])/g)].map(([, level]) => level).join('')).toMatch(/^1(?:23*)+$/);
    for (const [svg] of text.matchAll(/<svg[^>]*>/gs))
      expect(svg).toMatch(/aria-hidden="true"|aria-label="[^"]+"/);
    for (const [row] of text.matchAll(/<thead>.*?<\/thead>/gs))
      expect(row).not.toMatch(/<td|<th(?=[ >])(?! scope="col")/);
    expect(new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)).size).toBe(2);
  });

  test('tells what the JSON tells', async () => {
    const abroad = {
      endpoint: 'asahikawa-1-chat',
      copies: [{ kind: 'processing', site: 'x', place: 'US', operator: 'X', operatorCountry: 'US' }],
      assurance: 'declared',
    } as const;
    const outcome = { carried: { ...abroad, copies: [...abroad.copies] } };
    await writeLog(at('abroad'), crossingLog([{}, { outcome }]));
    const text = (await page(at('abroad'), 'en')).replace(/\s+/g, ' ');
    for (const fact of [
      'Something is wrong',
      'outside_boundary',
      'The first bad entry is 5',
      'processing x: US',
    ]) {
      expect(text).toContain(fact);
    }
  });

  test('shows hostile text of a log as text', async () => {
    const hostile = `<script>alert(1)</script>"'&\u202e`;
    const base = revision(3);
    const [genesis, , ...rest] = crossingLog([{ outcome: { purpose: hostile } }]);
    const boundary = base.boundaries['madoguchi']!;
    const odd: LedgerEntry = {
      ...base,
      boundaries: { madoguchi: { ...boundary, requiredCertifications: [hostile] } },
    };
    await writeLog(at('hostile'), [genesis!, odd, ...rest]);
    const text = await page(at('hostile'), 'en');
    expect(text).not.toMatch(/<script|\u202e/);
    expect(text).toContain('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u{202e}');
  });

  test('escapes whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"'\p{Cc}]|&(?!#\d+;)/u);
        expect(html`${[text, html`<b></b>`]}`.text).toMatch(/^[^<>"']*<b>/);
      }),
    );
  });
});
