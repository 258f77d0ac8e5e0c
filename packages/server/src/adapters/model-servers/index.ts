import type { Endpoint } from '@sekisho/contract';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ModelServer } from '../../domains/inference/index.ts';
import { EmbeddedModelServer } from './embedded.ts';
import { ModelServers } from './model-servers.ts';
import { OpenAiCompatibleServer } from './openai-compatible.ts';

/** Model servers for the endpoints of the platform in force, each connected by its kind. */
export function connectModelServers(parts: {
  /** The GGUF file of embedded endpoints that name none. */
  readonly modelFile: string;
  /** Where endpoints find their servers' keys. */
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): ModelServers {
  const connect = (endpoint: Endpoint): ModelServer => {
    if (endpoint.kind === 'embedded') {
      return new EmbeddedModelServer(endpoint.modelFile ?? parts.modelFile, parts.clock, parts.random);
    }
    const { apiKeyVariable, url, firstByteTimeoutMs } = endpoint;
    const apiKey = apiKeyVariable === undefined ? undefined : parts.environment[apiKeyVariable];
    return new OpenAiCompatibleServer({ url, apiKey, firstByteTimeoutMs });
  };
  return new ModelServers(connect, parts.log);
}

export type { ModelServers };
