import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CompiledQuery } from 'kysely';
import { connect } from '../connection.ts';
import { silentLog } from './test-server.ts';

/** Runs one statement in the embedded database of a cell that is running: what somebody does by hand. */
export async function runInCellDatabase(home: string, statement: string): Promise<readonly unknown[]> {
  const data = path.join(home, 'postgres', 'data');
  const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(path.join(data, 'sekisho-password'), 'utf8')).trim();
  const db = connect({ host: lines[4] ?? '', user: 'sekisho', database: 'postgres', password }, silentLog);
  try {
    return (await db.executeQuery(CompiledQuery.raw(statement))).rows;
  } finally {
    await db.destroy();
  }
}
