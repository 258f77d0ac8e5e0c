/**
 * Pieces of text from a producer that calls back to one reader that pulls. Unbounded on its own: a
 * producer here is bounded by the model's context.
 */
export class TextQueue implements AsyncIterable<string> {
  #pieces: string[] = [];
  #state:
    | { readonly is: 'open' }
    | { readonly is: 'ended' }
    | { readonly is: 'failed'; readonly cause: unknown } = {
    is: 'open',
  };
  #wake: (() => void)[] = [];

  push(piece: string): void {
    this.#pieces.push(piece);
    this.#notify();
  }

  end(): void {
    this.#state = { is: 'ended' };
    this.#notify();
  }

  fail(cause: unknown): void {
    this.#state = { is: 'failed', cause };
    this.#notify();
  }

  /** Resolves when there is something to read or nothing will come. */
  async ready(): Promise<void> {
    while (this.#pieces.length === 0 && this.#state.is === 'open') {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (;;) {
      await this.ready();
      const pieces = this.#pieces.splice(0);
      if (pieces.length > 0) yield pieces.join('');
      else if (this.#state.is === 'failed') throw this.#state.cause;
      else return;
    }
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
