export { CosignatureCollector } from './cosignature-collector.ts';
export type {
  AppendedEntry,
  KeyChange,
  Ledger,
  LogKey,
  LogName,
  ReplicaLedger,
  SignedCheckpoint,
} from './ledger.ts';
export type { KeyStanding } from './key-standing.ts';
export { openLedger } from './open-ledger.ts';
export { openSharedLedger } from './shared-ledger.ts';
export type { LedgerParts, SharedLedgerParts } from './ledger-parts.ts';
export type {
  Checkpoints,
  LedgerSink,
  SettledEntry,
  SigningKey,
  SigningKeyStore,
  StoredKey,
  StoredFile,
  TileFiles,
  TileStore,
  WalBatch,
  WriteAheadLog,
} from './ports.ts';
export type {
  IntegratorTerm,
  LogStanding,
  NewRun,
  ReplicaListener,
  SequencedRun,
  SharedSequence,
} from './shared-ports.ts';
export { WAL_BATCH_BYTES_MAX } from './ports.ts';
export type { WitnessAnswer, WitnessClient, WitnessedCheckpointStore } from './witness-ports.ts';
export { WitnessedAnchors } from './witnessed-anchors.ts';
