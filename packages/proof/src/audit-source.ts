/**
 * A copy of one log, wherever it is. Bytes that are missing are `undefined`; a reader that cannot
 * tell whether they are there throws, and so does the audit.
 */
export interface AuditSource {
  /** The signed note. */
  readonly checkpoint: string;
  /** The entry bundle in exactly that width. */
  readBundle(index: number, width: number): Promise<Uint8Array | undefined>;
  /** A tile of hashes in exactly that width; absent where tiles shall not be compared. */
  readTile?(level: number, index: number, width: number): Promise<Uint8Array | undefined>;
}
