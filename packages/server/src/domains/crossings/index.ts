export {
  decodeIntentAttachment,
  decodeOutcomeAttachment,
  encodeIntentAttachment,
  encodeOutcomeAttachment,
  type IntentAttachment,
  type OutcomeAttachment,
} from './crossing-attachment.ts';
export { intentEntry, outcomeEntry, type CrossingEnd, type CrossingFacts } from './crossing-entries.ts';
export { opensWith } from './opens-with.ts';
export { formatCursor, parseCursor } from './search-cursor.ts';
export type {
  CrossingFilter,
  CrossingGeneration,
  CrossingGenerations,
  CrossingIndex,
  CrossingPosition,
  CrossingSearch,
  IndexedCrossing,
  LedgerLine,
} from './ports.ts';
