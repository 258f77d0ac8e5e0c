export {
  commitTo,
  GrowingCommitment,
  intentEntry,
  outcomeEntry,
  SALT_BYTES,
  type CrossingEnd,
  type CrossingFacts,
} from './crossing-entries.ts';
export type { CrossingIndex, IndexedCrossing, Openings } from './ports.ts';
