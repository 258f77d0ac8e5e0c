import { formatYen, picoYenPerToken, type AmountYen, type Price } from '@sekisho/contract';

/** The prices of one platform revision, read once. */
export class PriceBook {
  /** Pico-yen per token. */
  readonly #byModel: ReadonlyMap<string, { readonly input: bigint; readonly output: bigint }>;

  constructor(prices: readonly Price[]) {
    this.#byModel = new Map(
      prices.map((price) => [
        price.model,
        {
          input: picoYenPerToken(price.inputYenPerMillionTokens),
          output: picoYenPerToken(price.outputYenPerMillionTokens),
        },
      ]),
    );
  }

  /**
   * The exact price of a crossing; tokens are non-negative safe integers and nothing is rounded.
   * Undefined for a model without a price, which a parsed platform does not have.
   */
  amount(
    model: string,
    tokens: { readonly inputTokens: number; readonly outputTokens: number },
  ): AmountYen | undefined {
    const price = this.#byModel.get(model);
    if (price === undefined) return undefined;
    return formatYen(BigInt(tokens.inputTokens) * price.input + BigInt(tokens.outputTokens) * price.output);
  }
}
