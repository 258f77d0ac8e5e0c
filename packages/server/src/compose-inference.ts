import { connectModelServers, type ModelServers } from './adapters/model-servers/index.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { randomFraction, type Random } from './base/random.ts';
import { RepeatingTask } from './base/repeating-task.ts';
import { TargetPool } from './domains/inference/index.ts';
import { ChatCarrier } from './flows/carry-chat.ts';
import type { PlatformInForce } from './flows/platform-in-force.ts';
import { PROBE_INTERVAL_MS, ProbeTargets } from './flows/probe-targets.ts';

/** Model servers, and who carries to them. */
export interface Inference {
  readonly modelServers: ModelServers;
  readonly carrier: ChatCarrier;
  readonly pool: TargetPool;
  readonly probes: ProbeTargets;
  close(): Promise<void>;
}

export function composeInference(parts: {
  readonly modelFile: string;
  readonly platform: PlatformInForce;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Inference {
  const { modelFile, platform, clock, random, log } = parts;
  const modelServers = connectModelServers({ modelFile, environment: process.env, clock, random, log });
  const pool = new TargetPool(() => randomFraction(random));
  const probes = new ProbeTargets(pool, modelServers, platform, clock, log);
  const probing = new RepeatingTask(PROBE_INTERVAL_MS, () => probes.probeNow(), {
    log,
    event: 'probe.failed',
  });
  probing.start();
  return {
    modelServers,
    pool,
    probes,
    carrier: new ChatCarrier(modelServers, pool, clock, log),
    close: async () => {
      await probing.close();
      await modelServers.close();
    },
  };
}
