import { type ZodType, z } from 'zod';
import { SOURCES } from '../../src/discovery/index.ts';
import { SECRET_STORES } from '../../src/secrets/index.ts';
import { FILTERS } from '../../src/translate/filters/index.ts';

interface Row {
  readonly name: string;
  readonly schema: ZodType;
}

export function sourceTable(): string {
  return table('source', rowsOf(SOURCES));
}

export function storeTable(): string {
  return table('secret store', rowsOf(SECRET_STORES));
}

export function filterTable(): string {
  return table('filter', FILTERS);
}

function rowsOf(registry: Readonly<Record<string, { readonly schema: ZodType }>>): Row[] {
  return Object.entries(registry).map(([name, { schema }]) => ({ name, schema }));
}

function table(what: string, rows: readonly Row[]): string {
  const lines = rows.map(({ name, schema }) => `| \`${name}\` | ${optionsOf(schema).join(', ')} |`);
  return [`| ${what} | options (required ones in bold) |`, '|---|---|', ...lines].join('\n');
}

function optionsOf(schema: ZodType): string[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.keys(properties).map((name) => (required.includes(name) ? `**\`${name}\`**` : `\`${name}\``));
}
