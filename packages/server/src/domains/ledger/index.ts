export type { AppendedEntry, Ledger, LogName, SignedCheckpoint } from './ledger.ts';
export { openLedger } from './open-ledger.ts';
export type { LedgerLimits, LedgerParts } from './open-ledger.ts';
export type {
  LedgerSink,
  SettledEntry,
  SigningKey,
  SigningKeyStore,
  StoredFile,
  TileStore,
  WalBatch,
  WriteAheadLog,
} from './ports.ts';
export { WAL_BATCH_BYTES_MAX } from './ports.ts';
