import type { Endpoint, Platform } from '@sekisho/contract';
import { describeCause, type Log } from '../../base/log.ts';
import type { ModelServer, ModelServerDirectory } from '../../domains/inference/index.ts';

/** Makes the server of one endpoint. Throws when the endpoint cannot be served here. */
export type ConnectModelServer = (endpoint: Endpoint) => ModelServer;

interface Connected {
  /** The declaration that the server was made from. */
  readonly declaration: string;
  readonly server: ModelServer;
}

/**
 * The model servers of the platform in force. A server whose endpoint did not change is kept with
 * its connections; one that is gone is closed after its last answer.
 */
export class ModelServers implements ModelServerDirectory {
  readonly #connect: ConnectModelServer;
  readonly #log: Log;
  readonly #declarations = new WeakMap<Endpoint, string>();
  #byEndpoint: ReadonlyMap<string, Connected> = new Map();

  constructor(connect: ConnectModelServer, log: Log) {
    this.#connect = connect;
    this.#log = log;
  }

  get(endpoint: Endpoint): ModelServer | undefined {
    const connected = this.#byEndpoint.get(endpoint.id);
    return connected?.declaration === this.#declarationOf(endpoint) ? connected.server : undefined;
  }

  async platformChanged(platform: Platform): Promise<void> {
    const before = this.#byEndpoint;
    const next = new Map<string, Connected>();
    for (const endpoint of platform.endpoints) {
      const declaration = this.#declarationOf(endpoint);
      const kept = before.get(endpoint.id);
      if (kept?.declaration === declaration) next.set(endpoint.id, kept);
      else next.set(endpoint.id, { declaration, server: this.#connect(endpoint) });
    }
    this.#byEndpoint = next;
    for (const [endpoint, connected] of before) {
      if (next.get(endpoint) !== connected) this.#closeLater(endpoint, connected.server);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byEndpoint.values()].map(({ server }) => server.close()));
  }

  /** Written once for each endpoint of each revision. */
  #declarationOf(endpoint: Endpoint): string {
    let declaration = this.#declarations.get(endpoint);
    if (declaration === undefined) this.#declarations.set(endpoint, (declaration = JSON.stringify(endpoint)));
    return declaration;
  }

  #closeLater(endpoint: string, server: ModelServer): void {
    server
      .close()
      .catch((cause: unknown) =>
        this.#log.warn('model_server_close_failed', { endpoint, cause: describeCause(cause) }),
      );
  }
}
