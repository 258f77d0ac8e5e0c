/**
 * A process that appends until it is killed, and says on standard output what it was promised:
 * `ready`, `ack {log} {index} {leaf hash}`, `checkpoint {log} {note in base64}`. A line is a
 * promise to the parent, written after the ledger made it.
 */
import { writeSync } from 'node:fs';
import { numberedEntry, openLedgerOnFiles } from './ledger-on-files.ts';

const OUTSTANDING = 64;
const LOGS = ['cell', 'north', 'south'];

const [home = '', firstSerial = '0'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

say('started');
const ledger = await openLedgerOnFiles(home, { accept: async () => {} });
for (const log of LOGS) await ledger.ensureLog(log);
say('ready');

let serial = Number(firstSerial);
const lastSize = new Map<string, number>();
async function appendForEver(): Promise<never> {
  for (;;) {
    const log = LOGS[serial % LOGS.length]!;
    const attachment = serial % 5 === 0 ? new Uint8Array(serial % 4096) : undefined;
    const { index, leafHash } = await ledger.append(log, numberedEntry(serial++), attachment);
    say(`ack ${log} ${index} ${Buffer.from(leafHash).toString('hex')}`);
    const { size, note } = ledger.checkpoint(log);
    if (size === lastSize.get(log)) continue;
    lastSize.set(log, size);
    say(`checkpoint ${log} ${Buffer.from(note).toString('base64')}`);
  }
}
await Promise.all(Array.from({ length: OUTSTANDING }, appendForEver));
