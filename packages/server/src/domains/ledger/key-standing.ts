/**
 * Where one key of a log stands. The `log-key` entries of the log decide it; what is stored follows
 * them, so that it is known at a start without reading the whole log.
 *
 * - `pending`: made, and not introduced by an entry yet.
 * - `signing`: signs every tree of at least `fromSize` leaves.
 * - `retired`, `compromised`: the last tree that it signs, or signed, has `toSize` leaves.
 *
 * `lookFrom`: a change was begun when the log had this many entries. Only from there on can an entry
 * say more than what is stored.
 */
export type KeyStanding =
  | { readonly state: 'pending'; readonly lookFrom: number }
  | { readonly state: 'signing'; readonly fromSize: number; readonly lookFrom?: number | undefined }
  | { readonly state: 'retired'; readonly fromSize: number; readonly toSize: number }
  | {
      readonly state: 'compromised';
      readonly fromSize: number;
      readonly toSize: number;
      /** As its entry says: what the key alone vouches for in larger trees proves nothing. */
      readonly trustedToSize: number;
    };
