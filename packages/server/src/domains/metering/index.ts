export type { UsageTable } from './ports.ts';
export { priceTokens } from './price-tokens.ts';
export {
  foldUsage,
  UsageFold,
  usageOf,
  type UsageDelta,
  type UsageFacts,
  type UsageKey,
} from './usage-of-outcome.ts';
