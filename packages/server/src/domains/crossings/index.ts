export {
  decodeIntentAttachment,
  decodeOutcomeAttachment,
  encodeIntentAttachment,
  encodeOutcomeAttachment,
} from './crossing-attachment.ts';
export { intentEntry, outcomeEntry, type CrossingEnd, type CrossingFacts } from './crossing-entries.ts';
export { opensWith } from './opens-with.ts';
export { formatCursor, parseCursor } from './search-cursor.ts';
export type {
  CarriedCrossings,
  CrossingPlace,
  CrossingFilter,
  CrossingGeneration,
  CrossingGenerations,
  CrossingIndex,
  CrossingPosition,
  CrossingSearch,
  IndexedCrossing,
  LedgerLine,
} from './ports.ts';
