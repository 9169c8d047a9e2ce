import type { Source, SourceAdapter, SourceContext } from '../source.ts';
import { WorkerHost } from './host.ts';
import { type Ec2SourceOptions, ec2SourceOptions } from './schema.ts';
import { watchTargets } from './watch.ts';

/** Instances of EC2, each account and region one scope (SRC9, SRC10, SRC11). */
export const ec2Source: SourceAdapter<Ec2SourceOptions> = {
  kind: 'ec2',
  schema: ec2SourceOptions,
  create: createEc2Source,
};

function createEc2Source(options: Ec2SourceOptions, context: SourceContext): Source {
  const createHost = (): WorkerHost => new WorkerHost();
  const host = context.shared?.('ec2.worker', createHost) ?? createHost();
  return { watch: (signal) => watchTargets({ options, context, host }, signal) };
}
