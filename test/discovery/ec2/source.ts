import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { ec2Source } from '../../../src/discovery/ec2/index.ts';
import { ec2SourceOptions } from '../../../src/discovery/ec2/schema.ts';
import type { CompleteReport, ScopeReport, SourceContext } from '../../../src/discovery/source.ts';
import { type Watching, watchSource } from '../suite.ts';
import { CREDENTIALS } from './world.ts';

type Options = z.input<typeof ec2SourceOptions>;

/** The default chain finds these; the worker takes its environment from here when it starts. */
export function useTestCredentials(): void {
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
}

export function ec2At(url: string, options: Partial<Options> = {}, context: Partial<SourceContext> = {}) {
  const parsed = ec2SourceOptions.parse({
    regions: ['eu-west-1'],
    endpoint: url,
    stsEndpoint: url,
    interval: '5s',
    port: 8080,
    ...options,
  });
  return ec2Source.create(parsed, { name: 'vms', baseDir: '.', ...context });
}

/** A watch that ends with the test. Looks every 5 s unless options say otherwise. */
export function watchEc2(
  url: string,
  options?: Partial<Options>,
  context?: Partial<SourceContext>,
): Watching {
  const watching = watchSource(ec2At(url, options, context));
  onTestFinished(() => watching.stop());
  return watching;
}

export function idsIn(report: ScopeReport): readonly string[] {
  return report.kind === 'complete' ? report.instances.map(({ id }) => id) : [];
}

export function holds(id: string, health?: string): (report: ScopeReport) => report is CompleteReport {
  return (report): report is CompleteReport =>
    report.kind === 'complete' &&
    report.instances.some((one) => one.id === id && (health === undefined || one.health === health));
}
