import { formatYen, picoYenPerToken, type AmountYen, type Price } from '@sekisho/contract';

/**
 * The exact price of a crossing. A model without a price costs nothing: it is the platform that
 * says what is sold. Tokens are non-negative safe integers; nothing is rounded.
 */
export function priceTokens(
  prices: readonly Price[],
  model: string,
  tokens: { readonly inputTokens: number; readonly outputTokens: number },
): AmountYen {
  const price = prices.find((candidate) => candidate.model === model);
  if (price === undefined) return '0';
  const input = BigInt(tokens.inputTokens) * picoYenPerToken(price.inputYenPerMillionTokens);
  const output = BigInt(tokens.outputTokens) * picoYenPerToken(price.outputYenPerMillionTokens);
  return formatYen(input + output);
}
