/**
 * What the cell has learnt of each endpoint from outcomes. It only orders targets: policy alone
 * says which targets there are, and health never adds one.
 */
export class TargetHealth {
  readonly #failedAtMs = new Map<string, number>();
  #turn = 0;

  /** How long an endpoint that failed stands behind the others. */
  readonly #penaltyMs: number;

  constructor(penaltyMs = 2_000) {
    this.#penaltyMs = penaltyMs;
  }

  succeeded(endpoint: string): void {
    this.#failedAtMs.delete(endpoint);
  }

  failed(endpoint: string, nowMs: number): void {
    this.#failedAtMs.set(endpoint, nowMs);
  }

  /**
   * The order in which to try allowed targets: those not known to be down in turn (round robin),
   * then the failed ones, longest ago first. A failed one is still tried when nothing else is left,
   * so that recovery needs no probe.
   */
  order<Target extends { readonly endpoint: string }>(targets: readonly Target[], nowMs: number): Target[] {
    const failedSince = (target: Target): number | undefined => {
      const at = this.#failedAtMs.get(target.endpoint);
      return at !== undefined && nowMs - at < this.#penaltyMs ? at : undefined;
    };
    const healthy = targets.filter((target) => failedSince(target) === undefined);
    const down = targets
      .filter((target) => failedSince(target) !== undefined)
      .sort((a, b) => (failedSince(a) ?? 0) - (failedSince(b) ?? 0));
    const start = healthy.length === 0 ? 0 : this.#turn++ % healthy.length;
    return [...healthy.slice(start), ...healthy.slice(0, start), ...down];
  }
}
