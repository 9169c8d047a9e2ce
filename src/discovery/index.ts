import { dnsSource } from './dns/index.ts';
import { httpSource } from './http/index.ts';
import type { SourceAdapter } from './source.ts';
import { fileSource } from './static/index.ts';

/** Every kind of source, by its name in the config: `sources.<name>.<kind>`. */
export const SOURCES = {
  file: fileSource,
  http: httpSource,
  dns: dnsSource,
} as const satisfies Readonly<Record<string, SourceAdapter<unknown>>>;
