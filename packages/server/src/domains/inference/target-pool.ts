/** What decides between allowed targets, as the platform declares it. */
export interface PooledTarget {
  readonly endpoint: string;
  /** Share of the load beside the others, above 0; 1 where nothing is declared. */
  readonly weight: number;
}

export interface TargetPoolLimits {
  /** Failures in a row that open the circuit. */
  readonly failuresMax: number;
  /** How long an open circuit lets nothing through; doubled each time that the trial after it fails. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** Attempts beyond the first that may be made, as a share of requests, and how many may be saved up. */
  readonly retryShare: number;
  readonly retriesSavedMax: number;
  /** With a key, its target is kept while it has at most this many times its share of what is under way. */
  readonly affinityLoadMax: number;
}

const defaultLimits: TargetPoolLimits = {
  failuresMax: 3,
  openMs: 1000,
  openMsMax: 30_000,
  retryShare: 0.2,
  retriesSavedMax: 20,
  affinityLoadMax: 1.5,
};

/** Weight of the newest measurement in the moving average. */
const NEWEST_SHARE = 0.2;
/** Taken for a target that has answered nothing yet, so that it gets its first requests. */
const UNKNOWN_LATENCY_MS = 1;

interface TargetState {
  inFlight: number;
  latencyMs: number | undefined;
  failures: number;
  /** Set while the circuit is open: nothing passes before; then one trial at a time. */
  openUntilMs: number | undefined;
  openMs: number;
  trial: boolean;
}

/** How a target stands, as the cell sees it. */
export interface TargetStanding {
  readonly endpoint: string;
  readonly inFlight: number;
  readonly circuit: 'closed' | 'open' | 'trial';
  readonly failures: number;
  readonly latencyMs: number | undefined;
}

/** An attempt at one target: each ends once. */
export interface TargetAttempt {
  /** The first byte of an answer came. */
  answered(nowMs: number): void;
  /** Ended well, or by the client's doing: it says nothing bad about the target. */
  ended(): void;
  failed(nowMs: number): void;
}

/**
 * What the cell knows of its targets from their answers: how many requests are under way, how fast they
 * answer, whether they fail. It orders targets that a decision allowed and passes over those that are
 * down; it never adds one.
 *
 * - Between two targets drawn by weight the one with less waiting time takes the request (power of two choices).
 * - Requests with the same affinity key go to the same target (rendezvous hashing), whose prefix cache is warm,
 *   unless it has much more than its share under way (consistent hashing with bounded loads).
 * - A target that fails `failuresMax` times in a row gets nothing for a while, then one trial.
 */
export class TargetPool {
  readonly #limits: TargetPoolLimits;
  readonly #random: () => number;
  readonly #states = new Map<string, TargetState>();
  #retriesSaved: number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number, limits: Partial<TargetPoolLimits> = {}) {
    this.#random = random;
    this.#limits = { ...defaultLimits, ...limits };
    this.#retriesSaved = this.#limits.retriesSavedMax;
  }

  /**
   * In which order to try targets; those that are down are left out, so that it may be empty. Each
   * further one costs a retry: ask {@link mayRetry}.
   */
  order<Target extends PooledTarget>(
    targets: readonly Target[],
    nowMs: number,
    affinityKey?: string,
  ): Target[] {
    this.#retriesSaved = Math.min(this.#limits.retriesSavedMax, this.#retriesSaved + this.#limits.retryShare);
    const rest = targets.filter((target) => this.#isOpenTo(target.endpoint, nowMs));
    const order: Target[] = [];
    const first = affinityKey === undefined ? undefined : this.#keeper(rest, affinityKey);
    if (first !== undefined) order.push(...rest.splice(rest.indexOf(first), 1));
    while (rest.length > 0) {
      const one = this.#draw(rest);
      const other = this.#draw(rest);
      const better = this.#waitOf(one) <= this.#waitOf(other) ? one : other;
      order.push(...rest.splice(rest.indexOf(better), 1));
    }
    return order;
  }

  /** Takes one retry from the budget; false where there is none: then a bad hour must not become a storm. */
  mayRetry(): boolean {
    if (this.#retriesSaved < 1) return false;
    this.#retriesSaved--;
    return true;
  }

  begin(endpoint: string, nowMs: number): TargetAttempt {
    const state = this.#stateOf(endpoint);
    state.inFlight++;
    const isTrial = state.openUntilMs !== undefined;
    if (isTrial) state.trial = true;
    let isOver = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      state.inFlight--;
      if (isTrial) state.trial = false;
      return true;
    };
    return {
      answered: (atMs) => {
        const latencyMs = Math.max(0, atMs - nowMs);
        state.latencyMs =
          state.latencyMs === undefined
            ? latencyMs
            : state.latencyMs + NEWEST_SHARE * (latencyMs - state.latencyMs);
        state.failures = 0;
        state.openUntilMs = undefined;
        state.openMs = this.#limits.openMs;
      },
      ended: () => void end(),
      failed: (atMs) => {
        if (end()) this.#noteFailure(state, atMs, isTrial);
      },
    };
  }

  /** What a probe found, without a request. */
  probed(endpoint: string, isUp: boolean, nowMs: number): void {
    const state = this.#stateOf(endpoint);
    if (!isUp) this.#noteFailure(state, nowMs, state.openUntilMs !== undefined);
    else if (state.openUntilMs !== undefined) state.openUntilMs = nowMs;
    else state.failures = 0;
  }

  /** Endpoints whose circuit is open: they had requests, and only for them is it worth asking. */
  down(): readonly string[] {
    return [...this.#states]
      .filter(([, { openUntilMs }]) => openUntilMs !== undefined)
      .map(([endpoint]) => endpoint);
  }

  standings(nowMs: number): readonly TargetStanding[] {
    return [...this.#states].map(([endpoint, { inFlight, failures, latencyMs, openUntilMs }]) => ({
      endpoint,
      inFlight,
      failures,
      latencyMs,
      circuit: openUntilMs === undefined ? 'closed' : nowMs < openUntilMs ? 'open' : 'trial',
    }));
  }

  /** Retries that the budget still has. */
  get retriesLeft(): number {
    return Math.floor(this.#retriesSaved);
  }

  /** Milliseconds until the first of these may be tried again; 0 where one may be now. */
  retryAfterMs(targets: readonly PooledTarget[], nowMs: number): number {
    const waits = targets.map(({ endpoint }) => {
      const { openUntilMs } = this.#stateOf(endpoint);
      return openUntilMs === undefined ? 0 : Math.max(0, openUntilMs - nowMs);
    });
    return waits.length === 0 ? 0 : Math.min(...waits);
  }

  /** Forgets endpoints that the platform no longer declares. */
  keepOnly(endpoints: ReadonlySet<string>): void {
    for (const endpoint of this.#states.keys()) if (!endpoints.has(endpoint)) this.#states.delete(endpoint);
  }

  #noteFailure(state: TargetState, nowMs: number, wasTrial: boolean): void {
    state.failures++;
    if (wasTrial) state.openMs = Math.min(this.#limits.openMsMax, state.openMs * 2);
    if (wasTrial || state.failures >= this.#limits.failuresMax) state.openUntilMs = nowMs + state.openMs;
  }

  #isOpenTo(endpoint: string, nowMs: number): boolean {
    const { openUntilMs, trial } = this.#stateOf(endpoint);
    return openUntilMs === undefined || (nowMs >= openUntilMs && !trial);
  }

  /** The target of a key, or the next by its hash where that one has too much to do. */
  #keeper<Target extends PooledTarget>(targets: readonly Target[], key: string): Target | undefined {
    const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
    const underWay = targets.reduce((sum, { endpoint }) => sum + this.#stateOf(endpoint).inFlight, 0) + 1;
    return targets
      .toSorted((a, b) => rendezvousScore(key, b) - rendezvousScore(key, a))
      .find(({ endpoint, weight }) => {
        const share = Math.ceil((this.#limits.affinityLoadMax * underWay * weight) / weights);
        return this.#stateOf(endpoint).inFlight < share;
      });
  }

  #draw<Target extends PooledTarget>(targets: readonly Target[]): Target {
    const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
    let left = this.#random() * weights;
    let drawn = targets[0];
    for (const target of targets) {
      drawn = target;
      left -= target.weight;
      if (left < 0) break;
    }
    if (drawn === undefined) throw new RangeError('nothing to draw from');
    return drawn;
  }

  #waitOf({ endpoint, weight }: PooledTarget): number {
    const { inFlight, latencyMs } = this.#stateOf(endpoint);
    return ((inFlight + 1) * (latencyMs ?? UNKNOWN_LATENCY_MS)) / weight;
  }

  #stateOf(endpoint: string): TargetState {
    let state = this.#states.get(endpoint);
    if (state === undefined) {
      state = {
        inFlight: 0,
        latencyMs: undefined,
        failures: 0,
        openUntilMs: undefined,
        openMs: this.#limits.openMs,
        trial: false,
      };
      this.#states.set(endpoint, state);
    }
    return state;
  }
}

/** Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights: Schindelhauer and Schomaker 2005). */
function rendezvousScore(key: string, { endpoint, weight }: PooledTarget): number {
  const uniform = (hash32(`${key}\n${endpoint}`) + 0.5) / 2 ** 32;
  return -weight / Math.log(uniform);
}

/** FNV-1a with the finaliser of MurmurHash3: spreads load, keeps nothing secret. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
