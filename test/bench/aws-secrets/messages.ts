export type EndpointCommand =
  | { readonly do: 'start'; readonly secrets: number }
  /** A new version of this one. */
  | { readonly do: 'rotate'; readonly secret: number }
  | { readonly do: 'calls' };

export type EndpointReport =
  | { readonly done: 'start'; readonly port: number }
  | { readonly done: 'rotate' }
  /** Since the last one, by action. */
  | { readonly done: 'calls'; readonly calls: Readonly<Record<string, number>> };
