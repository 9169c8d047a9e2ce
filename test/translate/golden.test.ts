import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { selectEndpoints } from '../../src/discovery/select.ts';
import { buildPlan } from '../../src/fleet/plan.ts';
import { endpointResource } from '../../src/translate/endpoint.ts';
import { translate } from '../../src/translate/translate.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { configFrom } from './config.ts';

/** Input beside output; `UPDATE_GOLDEN=1` writes the outputs anew. */
const inputs = globSync('**/*.in.yaml', { cwd: import.meta.dirname }).sort();

function translated(input: string): unknown {
  const proto = loadRegistry();
  const plan = buildPlan(configFrom(input), 'edge');
  const { resources, problems, failed } = translate(plan, proto, { secrets: new Set(plan.secrets) });
  const cells = plan.cells.map((service) =>
    endpointResource(
      service,
      selectEndpoints(service, () => undefined),
      proto,
    ),
  );
  const json = [...resources, ...cells].map(({ typeUrl, bytes }) => {
    const type = typeUrl.slice(typeUrl.indexOf('/') + 1);
    expect(proto.violations(type, proto.decode(type, bytes))).toEqual([]);
    return { '@type': typeUrl, ...(proto.toJson(type, proto.decode(type, bytes)) as object) };
  });
  return {
    resources: json,
    ...(problems.length === 0 ? {} : { problems }),
    ...(failed.length === 0 ? {} : { failed }),
  };
}

describe('golden pairs', () => {
  test('there are some for every filter', () => {
    expect(inputs.length).toBeGreaterThanOrEqual(11);
  });

  test.each(inputs)('%s', (name) => {
    const path = `${import.meta.dirname}/${name}`;
    const output = path.replace(/\.in\.yaml$/, '.out.yaml');
    const result = translated(readFileSync(path, 'utf8'));
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(output, stringify(result, { aliasDuplicateObjects: false }));
    expect(result).toEqual(parse(readFileSync(output, 'utf8')));
  });
});
