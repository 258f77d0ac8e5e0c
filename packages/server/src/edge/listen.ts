import { SekishoError } from '@sekisho/contract';
import type { FastifyInstance } from 'fastify';

/** How long answers under way may take to end when the cell is told to stop. */
const STOP_GRACE_MS = 10_000;

/** Where to listen, and whether the listener speaks TLS. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: unknown;
}

/** Returns the origin, `http://127.0.0.1:7300`. Throws SekishoError `port_unusable`. */
export async function listen(server: FastifyInstance, address: ListenAddress): Promise<string> {
  try {
    const url = new URL(await server.listen({ host: address.host, port: address.port }));
    // Fastify does not know that the listener it was given speaks TLS.
    if (address.tls !== undefined) url.protocol = 'https:';
    return url.origin;
  } catch (cause) {
    if (
      cause instanceof Error &&
      'code' in cause &&
      (cause.code === 'EADDRINUSE' || cause.code === 'EACCES')
    ) {
      throw new SekishoError('port_unusable', `${address.host}:${address.port}`, { cause });
    }
    throw cause;
  }
}

/** Lets answers under way end, for a while; then closes what is left. */
export async function closeServer(server: FastifyInstance): Promise<void> {
  const impatient = setTimeout(() => server.server.closeAllConnections(), STOP_GRACE_MS);
  await server.close();
  clearTimeout(impatient);
}
