export type VaultCommand =
  | { readonly do: 'start'; readonly secrets: number }
  /** A new version of this one. */
  | { readonly do: 'rotate'; readonly secret: number }
  | { readonly do: 'calls' };

export type VaultReport =
  | { readonly done: 'start'; readonly url: string; readonly token: string }
  | { readonly done: 'rotate' }
  | {
      readonly done: 'calls';
      /** Since the last one, by the part of the API: `metadata`, `data`, `other`. */
      readonly calls: Readonly<Record<string, number>>;
      /** How many there were in each second. */
      readonly perSecond: readonly number[];
    };
