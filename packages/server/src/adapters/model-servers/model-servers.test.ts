import { Endpoint, type Platform } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../base/log.ts';
import type { ModelServer } from '../../domains/inference/index.ts';
import { ModelServers } from './model-servers.ts';

function endpoint(id: string, url: string, site = 'tokyo'): Endpoint {
  return Endpoint.parse({
    id,
    kind: 'openai-compatible',
    url,
    models: [{ model: 'mini' }],
    copies: [{ kind: 'processing', site }],
  });
}

/** Only what the directory reads. */
const platformOf = (...endpoints: Endpoint[]): Platform => ({ endpoints }) as unknown as Platform;

function directory(closing: (id: string) => Promise<void> = async () => undefined) {
  const connected: string[] = [];
  const closed: string[] = [];
  const warnings: string[] = [];
  const log: Log = { info: () => {}, warn: (event) => void warnings.push(event), error: () => {} };
  const servers = new ModelServers((declared): ModelServer => {
    if (declared.kind === 'openai-compatible' && declared.url.includes('broken')) throw new Error('broken');
    connected.push(declared.id);
    return {
      complete: () => Promise.reject(new Error('not asked')),
      probe: async () => true,
      unsupportedParameters: () => [],
      close: async () => {
        closed.push(declared.id);
        await closing(declared.id);
      },
    };
  }, log);
  return { servers, connected, closed, warnings };
}

describe('the model servers of the platform in force', () => {
  it('are found by the whole declaration, whichever revision it was read from', async () => {
    const { servers } = directory();
    await servers.platformChanged(platformOf(endpoint('a', 'http://10.0.0.1/v1')));
    expect(servers.get(endpoint('a', 'http://10.0.0.1/v1'))).toBeDefined();
    expect(servers.get(endpoint('b', 'http://10.0.0.1/v1'))).toBeUndefined();
  });

  it('never answer for an endpoint that was declared otherwise', async () => {
    const { servers } = directory();
    const inJapan = endpoint('a', 'http://10.0.0.1/v1');
    const moved = endpoint('a', 'http://192.0.2.1/v1', 'overseas');
    await servers.platformChanged(platformOf(inJapan));
    expect(servers.get(moved)).toBeUndefined();
    await servers.platformChanged(platformOf(moved));
    expect(servers.get(inJapan)).toBeUndefined();
    expect(servers.get(moved)).toBeDefined();
  });

  it('are kept while nothing changes, and closed once they are gone', async () => {
    const { servers, connected, closed } = directory();
    const [a, b] = [endpoint('a', 'http://10.0.0.1/v1'), endpoint('b', 'http://10.0.0.2/v1')];
    await servers.platformChanged(platformOf(a, b));
    const kept = servers.get(a);
    await servers.platformChanged(platformOf(structuredClone(a)));
    expect(servers.get(a)).toBe(kept);
    expect(connected).toEqual(['a', 'b']);
    expect(closed).toEqual(['b']);
    await servers.close();
    expect(closed).toEqual(['b', 'a']);
  });

  it('stay as they were when a new one cannot be connected', async () => {
    const { servers, closed } = directory();
    const a = endpoint('a', 'http://10.0.0.1/v1');
    await servers.platformChanged(platformOf(a));
    const change = servers.platformChanged(platformOf(endpoint('c', 'http://broken/v1')));
    await expect(change).rejects.toThrow();
    expect(servers.get(a)).toBeDefined();
    expect(closed).toEqual([]);
  });

  it('are let go although closing one fails', async () => {
    const { servers, warnings } = directory(() => Promise.reject(new Error('stuck')));
    await servers.platformChanged(platformOf(endpoint('a', 'http://10.0.0.1/v1')));
    await servers.platformChanged(platformOf());
    await expect.poll(() => warnings).toEqual(['model_server_close_failed']);
  });
});
