import { ec2Source } from './ec2/index.ts';
import type { SourceAdapter } from './source.ts';
import { fileSource } from './static/index.ts';

/** Every kind of source, by its name in the config: `sources.<name>.<kind>`. */
export const SOURCES = { ec2: ec2Source, file: fileSource } as const satisfies Readonly<
  Record<string, SourceAdapter<unknown>>
>;
