/**
 * What `sekisho audit` takes beside one bare SHA-256 pass over the same bytes, by size of the log: `node bench/audit.ts`.
 * Absolute numbers depend on the machine; compare the ratio, and how it grows. Exits with 1 when the audit does
 * not say what it must: clean as written, and where it is wrong after one changed byte.
 */
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TILE_WIDTH, entriesPath } from '@sekisho/proof';
import { sampleSigner } from '../packages/proof/src/testing/sample-log.ts';
import { madeOrigin, writeMadeLog } from './made-log.ts';

const sizes = process.argv.slice(2).map(Number);
const SIZES = sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000];
const SECONDS_MAX = 60;
const RSS_MIB_MAX = 300;
const POLL_MS = 20;
const command = fileURLToPath(new URL('../packages/cli/src/sekisho.ts', import.meta.url));

const signer = sampleSigner(madeOrigin);
const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-audit-'));
let wrong = false;
try {
  await writeFile(join(folder, 'cell.vkey'), `${signer.verifierKey}\n`);
  console.log('   entries      MiB  bare SHA-256   audit   entries/s  ratio  peak RSS');
  for (const size of SIZES) await measure(size);
} finally {
  await rm(folder, { recursive: true });
}
process.exitCode = wrong ? 1 : 0;

async function measure(size: number): Promise<void> {
  const log = join(folder, String(size));
  const entries = await writeMadeLog(log, size, signer);
  // Twice: the first pass also finds the bytes in the page cache, as the audit then does.
  await barePass(log, entries);
  const bare = await barePass(log, entries);
  const audit = await runAudit(log);
  const ok = audit.code === 0 && audit.entries === entries;
  await damage(log, entries);
  const damaged = size === SIZES[0] ? await runAudit(log) : undefined;
  const located =
    damaged === undefined || (damaged.code === 1 && damaged.firstBadIndex === damagedIndex(entries));
  const columns = [
    String(entries).padStart(10),
    (bare.bytes / 2 ** 20).toFixed(0).padStart(8),
    `${bare.seconds.toFixed(2)} s`.padStart(13),
    `${audit.seconds.toFixed(2)} s`.padStart(8),
    String(Math.round(entries / audit.seconds)).padStart(11),
    (audit.seconds / bare.seconds).toFixed(1).padStart(6),
    `${audit.peakMiB} MiB`.padStart(9),
  ];
  console.log(columns.join(' '));
  if (!ok) complain(`the audit of ${size} entries says ${audit.code}, ${audit.entries} entries`);
  if (!located) complain(`a changed entry was not found: ${damaged?.firstBadIndex}`);
  if (audit.seconds > SECONDS_MAX) complain(`slower than ${SECONDS_MAX} s`);
  if (audit.peakMiB > RSS_MIB_MAX) complain(`more than ${RSS_MIB_MAX} MiB`);
  await rm(log, { recursive: true });
}

function complain(text: string): void {
  console.error(`WRONG: ${text}`);
  wrong = true;
}

async function barePass(log: string, entries: number): Promise<{ bytes: number; seconds: number }> {
  const started = performance.now();
  let bytes = 0;
  for (let bundle = 0; bundle * TILE_WIDTH < entries; bundle++) {
    const width = Math.min(TILE_WIDTH, entries - bundle * TILE_WIDTH);
    const content = await readFile(join(log, entriesPath(bundle, width)));
    bytes += content.length;
    hash('sha256', content, 'buffer');
  }
  return { bytes, seconds: (performance.now() - started) / 1000 };
}

/** An entry of the last full bundle gets another digit in its purpose. */
function damagedIndex(entries: number): number {
  return (Math.floor(entries / TILE_WIDTH) - 1) * TILE_WIDTH + 100;
}

async function damage(log: string, entries: number): Promise<void> {
  const file = join(log, entriesPath(Math.floor(entries / TILE_WIDTH) - 1));
  const bytes = await readFile(file);
  let at = 0;
  for (let entry = 0; entry < 100; entry++) at += 2 + bytes.readUInt16BE(at);
  const purpose = bytes.indexOf('citizen', at);
  bytes.write('Citizen', purpose);
  await writeFile(file, bytes);
}

interface Run {
  readonly code: number | null;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly entries: number | undefined;
  readonly firstBadIndex: number | null | undefined;
}

/** The real command in a process of its own, with the largest memory that it ever had. */
async function runAudit(log: string): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [
    command,
    'audit',
    log,
    '--key',
    join(folder, 'cell.vkey'),
    '--json',
  ]);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.pipe(process.stderr);
  let peakKiB = 0;
  const poll = setInterval(() => {
    void readFile(`/proc/${child.pid}/status`, 'utf8').then(
      (status) => (peakKiB = Math.max(peakKiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))),
      () => undefined,
    );
  }, POLL_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(poll);
  const seconds = (performance.now() - started) / 1000;
  const report: { logs?: { entries: number; firstBadIndex: number | null }[] } = JSON.parse(stdout || '{}');
  return {
    code,
    seconds,
    peakMiB: Math.round(peakKiB / 1024),
    entries: report.logs?.[0]?.entries,
    firstBadIndex: report.logs?.[0]?.firstBadIndex,
  };
}
