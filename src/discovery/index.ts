import { consulSource } from './consul/index.ts';
import { dnsSource } from './dns/index.ts';
import { ec2Source } from './ec2/index.ts';
import { httpSource } from './http/index.ts';
import type { SourceAdapter } from './source.ts';
import { fileSource } from './static/index.ts';

/** The file source's own reader, for samples that come from elsewhere. */
export { parseInstances } from './static/parse.ts';

/** Every kind of source, by its name in the config: `sources.<name>.<kind>`. */
export const SOURCES = {
  ec2: ec2Source,
  file: fileSource,
  http: httpSource,
  dns: dnsSource,
  consul: consulSource,
} as const satisfies Readonly<Record<string, SourceAdapter<unknown>>>;
