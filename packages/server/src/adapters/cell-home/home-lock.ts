import { createServer } from 'node:net';
import { SekishoError } from '@sekisho/contract';

/** Held until released, or until the process ends in whatever way. */
export interface HomeLock {
  release(): Promise<void>;
}

/**
 * Takes the one name that a home has. It is an abstract Unix socket (unix(7)): it has no file that
 * could stay behind, and the kernel frees it even on `kill -9`. The name is derived from a random
 * id that only readers of the home know, so that no other local user can squat it. Processes in
 * different network namespaces do not see each other's names: a home is not to be shared between
 * containers. Throws `home_locked`.
 */
export async function lockHome(name: string, folder: string): Promise<HomeLock> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      reject(taken ? new SekishoError('home_locked', folder) : error);
    });
    server.listen(`\0sekisho-${name}`, resolve);
  });
  // The lock alone does not keep a process alive that has nothing else to do.
  server.unref();
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
