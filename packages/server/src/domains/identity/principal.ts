/** Who acts. Names are pseudonyms: they go into the ledger. */
export type Principal =
  | {
      readonly kind: 'workspace-key';
      /** `key:` and the key's id. */
      readonly name: string;
      readonly tenant: string;
      readonly workspace: string;
    }
  | { readonly kind: 'operator'; readonly name: string };

/** The operator's own staff, who act with the admin key. */
export const operatorAdmin: Principal = { kind: 'operator', name: 'operator:admin' };
