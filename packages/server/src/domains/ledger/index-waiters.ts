/** Callers that wait until a log has passed an index. */
export class IndexWaiters {
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }[]>();

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  wait(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const others = this.#waiting.get(index);
      if (others === undefined) this.#waiting.set(index, [{ resolve, reject }]);
      else others.push({ resolve, reject });
    });
  }

  /** Resolves everyone whose index is below `size`. */
  reach(size: number): void {
    for (const [index, waiters] of this.#waiting) {
      if (index >= size) continue;
      this.#waiting.delete(index);
      for (const waiter of waiters) waiter.resolve();
    }
  }

  refuse(error: Error): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.reject(error);
    this.#waiting.clear();
  }
}
