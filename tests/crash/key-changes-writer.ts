/**
 * A process that changes the keys of a log step by step, and kills itself (SIGKILL) at the durable step
 * of the given number, from 1, halfway through: half of the steps die just before the write, half just
 * after it. Says on standard output what it was promised: `done {change} {vkey}`, `checkpoint {note in
 * base64}`, and `end` when it has come through.
 */
import { writeSync } from 'node:fs';
import type {
  KeyChange,
  SigningKeyStore,
  TileStore,
  WriteAheadLog,
} from '../../packages/server/src/domains/ledger/index.ts';
import { numberedEntry, openLedgerOnFiles } from './ledger-on-files.ts';

const LOG = 'north';
const [home = '', dieAt = '0'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

let step = 0;
async function durable<T>(write: () => Promise<T>): Promise<T> {
  if (++step === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
  const written = await write();
  if (++step === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
  return written;
}

const mortalKeys = (keys: SigningKeyStore): SigningKeyStore => ({
  keysOf: (name) => keys.keysOf(name),
  findOrCreate: (name) => keys.findOrCreate(name),
  add: (name, standing) => durable(() => keys.add(name, standing)),
  setStanding: (name, vkey, standing) => durable(() => keys.setStanding(name, vkey, standing)),
});
const mortalTiles = (tiles: TileStore): TileStore => ({
  logs: () => tiles.logs(),
  read: (log, path) => tiles.read(log, path),
  readCheckpoint: (log) => tiles.readCheckpoint(log),
  write: (log, files) => durable(() => tiles.write(log, files)),
  removePartials: (log, path) => durable(() => tiles.removePartials(log, path)),
  publishCheckpoint: (log, previous, next) => durable(() => tiles.publishCheckpoint(log, previous, next)),
});
const mortalWal = (wal: WriteAheadLog): WriteAheadLog => ({
  replay: () => wal.replay(),
  takeOver: () => wal.takeOver(),
  append: (payload) => durable(() => wal.append(payload)),
  release: (position) => wal.release(position),
  close: () => wal.close(),
});

const ledger = await openLedgerOnFiles(home, { accept: async () => {} }, (parts) => ({
  ...parts,
  keys: mortalKeys(parts.keys),
  tiles: mortalTiles(parts.tiles),
  wal: mortalWal(parts.wal),
}));

async function change(wish: KeyChange): Promise<void> {
  const { verifierKey } = await ledger.changeKeys(LOG, wish, 'operator:drill');
  say(`done ${wish.change} ${verifierKey}`);
  say(`checkpoint ${Buffer.from(ledger.checkpoint(LOG).note).toString('base64')}`);
  await ledger.append(LOG, numberedEntry(1));
  await ledger.settledNow(LOG);
}
const signing = (): string[] =>
  ledger
    .verifierKeys(LOG)
    .filter(({ standing }) => standing.state === 'signing')
    .map(({ verifierKey }) => verifierKey);

await change({ change: 'introduce' });
await change({ change: 'retire', verifierKey: signing()[0]! });
// The only key is lost: one change that makes two.
await change({ change: 'compromise', verifierKey: signing()[0]!, trustedToSize: 1 });
say('end');
process.exit(0);
