/**
 * A copy of one log, wherever it is. Bytes that are missing are `undefined`; a reader that cannot
 * tell whether they are there throws, and so does the audit.
 */
export interface AuditSource {
  /** The signed note. */
  readonly checkpoint: string;
  /** The note that witnesses cosigned (`checkpoint.witnessed`): read before the checkpoint, so that it is never newer. */
  readonly witnessed?: string | undefined;
  /** The entry bundle in exactly that width. Read in order; now and then an earlier one again. */
  readBundle(index: number, width: number): Promise<Uint8Array | undefined>;
  /** A tile of hashes in exactly that width; absent where tiles shall not be compared. */
  readTile?(level: number, index: number, width: number): Promise<Uint8Array | undefined>;
}

/** How far the log of a cell says that another log had come. */
export interface Anchor {
  /** Of the anchored log. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Of the entry in the cell's log. */
  readonly index: number;
}
