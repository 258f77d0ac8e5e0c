import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { readBounded } from '../bounded-file.ts';
import type { CommandContext } from '../command-context.ts';
import type { Finding } from './finding.ts';

const HOME_FILE_BYTES_MAX = 4096;
const HomeFile = z.object({ format: z.literal(1), id: z.string().regex(/^[0-9a-f]{32}$/) });

/**
 * Whether a cell runs in the home. The lock of a home is an abstract Unix socket (unix(7)) whose
 * name comes from the home's random id and the folder's identity; connecting changes nothing.
 */
export async function checkLock(home: string, { stdin }: CommandContext): Promise<Finding> {
  try {
    const bytes = await readBounded(join(home, 'home.json'), HOME_FILE_BYTES_MAX, stdin);
    const { id } = HomeFile.parse(JSON.parse(bytes.toString('utf8')));
    const { dev, ino } = await stat(home, { bigint: true });
    const name = createHash('sha256').update(`${id} ${dev} ${ino}`).digest('hex');
    const taken = await answers(`\0sekisho-${name}`);
    return { check: 'lock', level: 'ok', say: ({ doctor }) => (taken ? doctor.inUse : doctor.unlocked) };
  } catch {
    return {
      check: 'lock',
      level: 'warn',
      say: (texts) => texts.doctor.notAHome(home),
      advise: (texts) => texts.doctor.startOnce,
    };
  }
}

function answers(socketName: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketName);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
