export {
  decodeIntentAttachment,
  decodeOutcomeAttachment,
  encodeIntentAttachment,
  encodeOutcomeAttachment,
} from './crossing-attachment.ts';
export { intentEntry, outcomeEntry, type CrossingEnd, type CrossingFacts } from './crossing-entries.ts';
export type { CrossingIndex, IndexedCrossing } from './ports.ts';
