import { tmpdir } from 'node:os';
import { consulSource } from '../../../src/discovery/consul/index.ts';
import type { CompleteReport, ScopeReport, Source, SourceContext } from '../../../src/discovery/source.ts';

/** The source under test with its context's defaults; `options` as a config has them. */
export function createConsul(options: object, context: Partial<SourceContext> = {}): Source {
  const parsed = consulSource.schema.parse(options);
  return consulSource.create(parsed, { name: 'dc', baseDir: tmpdir(), random: () => 0.5, ...context });
}

/** A report of one scope that says what is there now. */
export function completeOf(scope: string): (report: ScopeReport) => report is CompleteReport {
  return (report): report is CompleteReport => report.kind === 'complete' && report.scope === scope;
}

/** What each thing in the process is shared by, as a replica does it. */
export function sharing(): NonNullable<SourceContext['shared']> {
  const things = new Map<string, unknown>();
  return <Thing>(key: string, create: () => Thing): Thing => {
    if (!things.has(key)) things.set(key, create());
    return things.get(key) as Thing; // Put there under the same key by the same caller.
  };
}
