export type { UsageTable } from './ports.ts';
export { PriceBook } from './price-book.ts';
export { foldUsage, UsageFold, usageOf, type UsageDelta, type UsageFacts } from './usage-of-outcome.ts';
