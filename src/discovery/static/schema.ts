import { z } from 'zod';
import { durationMs } from '../../duration.ts';
import { type Hostnames, hostFault } from '../address.ts';
import { nameservers } from '../resolve.ts';
import { targetGroups, writtenLabels } from '../targets.ts';

/** `sources.*.file`. */
export const fileSourceOptions = z.strictObject({
  /** Relative paths start at the config's folder. */
  paths: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Files, globs, or folders, whose YAML and JSON files are read; relative to the folder of the config',
    ),
  /** How often everything is read again, whether a change was noticed or not. */
  reread: durationMs
    .refine((ms) => ms >= 1000, 'at least 1s')
    .prefault('60s')
    .describe('Everything is read again this often; default 60s'),
  hostnames: z
    .enum(['refuse', 'resolve'])
    .default('refuse')
    .describe(
      'An address that is a name: refuse (default), or resolve by DNS to all its A and AAAA addresses',
    ),
  nameservers: nameservers
    .optional()
    .describe('DNS servers to ask with hostnames: resolve; default those of the system'),
});

export type FileSourceOptions = z.infer<typeof fileSourceOptions>;

const port = z.int('a port is a whole number').min(1, 'ports are 1-65535').max(65_535, 'ports are 1-65535');

function fileInstance(hostnames: Hostnames) {
  const address = z.string().superRefine((text, context) => {
    const message = hostFault(text, hostnames);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
  return z
    .strictObject({
      address,
      port: port.optional(),
      ports: z.record(z.string().min(1), port).optional(),
      id: z.string().min(1).max(256).optional(),
      service: z.string().min(1).optional(),
      region: z.string().optional(),
      zone: z.string().optional(),
      subZone: z.string().optional(),
      weight: z.int().min(1, 'weights are 1-128').max(128, 'weights are 1-128').optional(),
      health: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING']).default('HEALTHY'),
      labels: writtenLabels.default({}),
    })
    .refine(
      (entry) => entry.port === undefined || entry.ports === undefined,
      'write port or ports, not both',
    );
}

function shapes(hostnames: Hostnames) {
  return {
    /** `{ instances: [...] }`, muster's own. */
    instances: z.strictObject({ instances: z.array(fileInstance(hostnames)) }),
    /** Prometheus' file_sd. */
    targets: targetGroups(hostnames),
  };
}

/** The two shapes of a file. */
export const FILE_SHAPES = { refuse: shapes('refuse'), resolve: shapes('resolve') };

/** One entry of muster's own shape. */
export type FileEntry = z.infer<typeof FILE_SHAPES.refuse.instances>['instances'][number];
