import { z } from 'zod';
import { awsAccess, awsKeysRef, endpoint, profileOrKeys, region, secureEndpoint } from '../../aws/schema.ts';
import { durationMs } from '../../duration.ts';

const text = z.string().min(1, 'must not be empty').max(512);

const account = awsAccess
  .extend({
    id: z
      .string('an account id is text: write it in quotes')
      .regex(/^[0-9]{12}$/, 'an account id has 12 digits')
      .optional()
      .describe('The account number; names the scope'),
    keys: awsKeysRef.optional(),
  })
  .refine(...profileOrKeys);

const filterValues = z
  .union([text, z.array(text).min(1, 'an empty list would match nothing')], {
    error: 'write a text or a list of texts, none of them empty',
  })
  .transform((values) => [...new Set([values].flat())].sort());

const family = z.enum(['privateIpv4', 'publicIpv4', 'ipv6']);

const eni = z
  .strictObject({
    index: z.int().min(0).max(255).optional().describe('Device index of the interface; 0 is the first'),
    subnet: text.optional().describe('Id of the subnet that the interface is in'),
    tag: z
      .strictObject({
        key: text.describe('Key of the tag'),
        value: z.string().max(256).optional().describe('Its value; default: any'),
      })
      .optional()
      .describe('A tag of the interface itself; without a value: any'),
    family: family.default('privateIpv4').describe('Which of its addresses'),
  })
  .refine(
    ({ index, subnet, tag }) => [index, subnet, tag].filter((one) => one !== undefined).length === 1,
    'choose the interface by exactly one of index, subnet and tag',
  );

const address = z.union(
  [family, z.strictObject({ eni: eni.describe('The address of one of its network interfaces') })],
  {
    error: 'write privateIpv4, publicIpv4, ipv6 or { eni: { index: 1 } }',
  },
);

const portNumber = z
  .int('a port is a whole number')
  .min(1, 'ports are 1-65535')
  .max(65_535, 'ports are 1-65535');

const port = z.union(
  [
    portNumber,
    z.strictObject({
      label: text.describe('The label that holds the port, like ec2.tag.port'),
      default: portNumber.optional().describe('The port of those without'),
    }),
  ],
  'write a port from 1 to 65535 or { label: ec2.tag.port, default: 8080 }',
);

/** `sources.*.ec2`. */
export const ec2SourceOptions = z
  .strictObject({
    regions: z.array(region).min(1, 'name at least one region').describe('Regions to read'),
    accounts: z
      .array(account)
      .min(1, 'name at least one account, or leave this out')
      .default([{}])
      .describe('Accounts to read; default: the one of the default credentials'),
    filters: z
      .record(text, filterValues)
      .default({})
      .describe('Filters of DescribeInstances: `tag:fleet: [shop]`, `vpc-id: vpc-1`; all must match'),
    address: address.default('privateIpv4').describe('Which address of an instance; default privateIpv4'),
    port: port.optional().describe('The unnamed port: a number, or taken from a label'),
    ports: z.record(text, port).optional().describe('Named ports, each a number or taken from a label'),
    interval: durationMs
      .refine((ms) => ms >= 5000 && ms <= 3_600_000, '5s to 1h')
      .prefault('30s')
      .describe('From the end of one look to the next; default 30s, at least 5s'),
    statusChecks: z
      .boolean()
      .default(false)
      .describe('Ask for status checks too: impaired instances are UNHEALTHY'),
    endpoint: endpoint.optional().describe('Another endpoint for EC2, such as a VPC endpoint'),
    stsEndpoint: secureEndpoint.optional().describe('Another endpoint for STS'),
  })
  .refine(({ port: one, ports }) => one === undefined || ports === undefined, 'write port or ports, not both')
  .superRefine(({ regions, accounts }, context) => {
    for (const message of [...doubles('region', regions), ...doubles('account', accounts.map(accountName))])
      context.addIssue({ code: 'custom', message });
  });

export type Ec2SourceOptions = z.infer<typeof ec2SourceOptions>;
export type AccountOptions = z.infer<typeof account>;
export type PortOptions = z.infer<typeof port>;

/** How an account is called in scopes: its number where the config has it, else what the config says instead. */
export function accountName({ id, profile, assumeRole: role, keys }: AccountOptions): string {
  return id ?? role?.roleArn.split(':')[4] ?? profile ?? keys?.secret ?? 'default';
}

function doubles(what: string, names: readonly string[]): readonly string[] {
  const seen = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  return [...seen].map((name) => `the ${what} ${name} is named twice: each is one scope`);
}
