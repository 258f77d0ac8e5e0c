/**
 * A replica that appends until it is killed, and says on standard output what it was promised:
 * `ready`, `ack {log} {index} {leaf hash}`, `checkpoint {log} {note in base64}`. It meets one fault
 * of its own: `{method} {call} {fate}`, where a fate is a kill or a stop before or after the effect, or
 * a failure in one of its two ways.
 */
import { writeSync } from 'node:fs';
import type { ReplicaLedger } from '../../packages/server/src/domains/ledger/index.ts';
import { faultyPort } from '../../packages/server/src/domains/ledger/testing/faulty-port.ts';
import type { FateOf } from '../../packages/server/src/domains/ledger/testing/faulty-port.ts';
import { faultySequence } from '../../packages/server/src/domains/ledger/testing/ledgers-under-test.ts';
import { countedEntry, openReplica } from './shared-ledger-parts.ts';

const OUTSTANDING = 24;
const LOGS = ['cell', 'north', 'south'];

const [folder = '', databaseUrl = '', firstSerial = '0', method = '', call = '', fate = ''] =
  process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

let calls = 0;
const fateOf: FateOf = (name) => {
  if (name !== method || calls++ !== Number(call)) return 'ok';
  say(`fault ${name} ${fate}`);
  if (fate === 'kill') process.kill(process.pid, 'SIGKILL');
  // Goes on where it stood when somebody continues it.
  if (fate === 'stop') process.kill(process.pid, 'SIGSTOP');
  if (fate === 'kill-after') return () => process.kill(process.pid, 'SIGKILL');
  return fate === 'lost' || fate === 'stored-but-failed' ? fate : 'ok';
};

say('started');
const { ledger } = await startReplica().catch(refused);
say('ready');

let serial = Number(firstSerial);
const lastSize = new Map<string, number>();
await Promise.all(Array.from({ length: OUTSTANDING }, () => appendUntilRefused(ledger)));
refused();

/** Ended, fused or not started: a supervisor would start it again. */
function refused(): never {
  say('refused');
  process.exit(3);
}

async function startReplica(): Promise<{ readonly ledger: ReplicaLedger }> {
  const opened = await openReplica(folder, databaseUrl, (parts) => ({
    ...parts,
    join: async (listener) => faultySequence(await parts.join(listener), [], fateOf),
    tiles: faultyPort(parts.tiles, ['read', 'write', 'removePartials'], fateOf),
    keys: faultyPort(parts.keys, ['findOrCreate'], fateOf),
    sink: faultyPort(parts.sink, ['accept'], fateOf),
  }));
  for (const log of LOGS) await opened.ledger.ensureLog(log);
  return opened;
}

async function appendUntilRefused(replica: ReplicaLedger): Promise<void> {
  for (;;) {
    const log = LOGS[serial % LOGS.length]!;
    const attachment = serial % 5 === 0 ? Buffer.alloc(32, serial % 251) : undefined;
    try {
      const { index, leafHash } = await replica.append(log, countedEntry(serial++), attachment);
      say(`ack ${log} ${index} ${Buffer.from(leafHash).toString('hex')}`);
    } catch {
      return;
    }
    const { size, note } = replica.checkpoint(log);
    if (size === lastSize.get(log)) continue;
    lastSize.set(log, size);
    say(`checkpoint ${log} ${Buffer.from(note).toString('base64')}`);
  }
}
