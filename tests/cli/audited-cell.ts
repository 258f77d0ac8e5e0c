import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry, LogKeyEntry } from '@sekisho/contract';
import { canonicalJson, cosignerOf, hex, parseCheckpoint, parseNote } from '@sekisho/proof';
import type { NoteSigner } from '@sekisho/proof';
import { crossingLog, logFiles } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { writeLogFolder } from '../interop/write-log-folder.ts';

/** The logs of a cell on disk: `cell`, which anchors `asahikawa` at some sizes, with witnesses. */
export const cellSigner = sampleSigner('cell.example.jp/ledger/cell');
export const tenantSigner = sampleSigner(sampleOrigin);

const witnesses = ['one', 'two'].map((name, at) =>
  cosignerOf(`${name}.example`, 'ed25519', new Uint8Array(32).fill(at + 1)),
);
export const witnessPolicy = `${witnesses
  .map(({ verifierKey }, at) => `witness w${at} ${verifierKey}\n`)
  .join('')}group both all w0 w1\nquorum both\n`;

const time = '2026-04-01T00:00:00.000Z';

export function crossings(count: number): LedgerEntry[] {
  return crossingLog(Array.from({ length: count }, () => ({})));
}

export function keyEntry(event: LogKeyEntry['event'], verifierKey: string): LogKeyEntry {
  return { version: 1, kind: 'log-key', time, principal: 'operator:admin', event, verifierKey };
}

export async function writeLog(
  folder: string,
  entries: readonly LedgerEntry[],
  signer: NoteSigner = tenantSigner,
): Promise<void> {
  await writeLogFolder(
    folder,
    entries.map((entry) => canonicalJson(entry)),
    signer,
  );
}

/** `witnessedBy` is how many of the two witnesses have cosigned the whole log of the cell. */
export async function writeCell(
  folder: string,
  tenant: readonly LedgerEntry[],
  anchored: readonly number[],
  witnessedBy = 2,
): Promise<void> {
  const cell: LedgerEntry[] = [
    { version: 1, kind: 'genesis', time, origin: cellSigner.name },
    ...anchored.map((size): LedgerEntry => {
      const { root } = parseCheckpoint(parseNote(logFiles(tenant.slice(0, size)).checkpoint).body);
      return { version: 1, kind: 'anchor', time, origin: sampleOrigin, size, root: `sha256:${hex(root)}` };
    }),
  ];
  await writeLog(join(folder, 'cell'), cell, cellSigner);
  await writeLog(join(folder, 'asahikawa'), tenant);
  const note = logFiles(cell, cellSigner).checkpoint;
  const lines = witnesses
    .slice(0, witnessedBy)
    .map((witness) => witness.cosign(parseNote(note).body, Date.parse(time) / 1000));
  await mkdir(join(folder, 'cell'), { recursive: true });
  await writeFile(join(folder, 'cell', 'checkpoint.witnessed'), note + lines.join(''));
}
