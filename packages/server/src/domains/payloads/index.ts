export type { BackupFolders, BackupRows, BackupWriter } from './backup-ports.ts';
export { firstCrossingAt, startOfCrossing } from './crossing-time.ts';
export { holdsOver, isCovered } from './hold-coverage.ts';
export {
  CELL_TARGET,
  PAYLOAD_BYTES_MAX,
  PAYLOAD_KEY_BYTES,
  type CandidateQuery,
  type ErasableCrossing,
  type OpenErasure,
  type PayloadName,
  type PayloadStore,
  type PayloadWriter,
  type RetentionRegister,
} from './ports.ts';
export { payloadPath } from './payload-path.ts';
export { endedRetention, endOf, keeps, payloadRule, type EndedRetention } from './retention-rules.ts';
