/** What the processes of the mTLS bench tell each other. PEM throughout. */
export interface Start {
  readonly do: 'start';
  readonly certificate: string;
  readonly privateKey: string;
  readonly ca: string;
}

export type ServerCommand = Start | { readonly do: 'usage' };

export type ServerReport =
  | { readonly done: 'start'; readonly port: number }
  | { readonly done: 'usage'; readonly cpuUs: number; readonly rss: number; readonly streams: number };

export type LoadCommand =
  | { readonly do: 'make'; readonly nodes: number }
  | { readonly do: 'connect'; readonly port: number }
  | { readonly do: 'close' };

export type LoadReport =
  | { readonly done: 'make'; readonly certificate: string; readonly privateKey: string; readonly ca: string }
  | { readonly done: 'connect'; readonly ms: number }
  | { readonly done: 'close' };
