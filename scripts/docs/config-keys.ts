/** What is read of a JSON Schema. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
}

interface Row {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** A condition inside a condition: deeper says nothing new. */
const DEPTH = 12;

/** A table for each top-level key: every key below it, `*` for a name of the user's, `[]` for a list. */
export function configKeys(root: unknown): string {
  const schema = asSchema(root);
  const sections = Object.entries(schema.properties ?? {}).filter(([name]) => !name.startsWith('$'));
  return sections.map(([name, part]) => section(name, part, schema)).join('\n\n');
}

function section(name: string, part: Schema, root: Schema): string {
  const rows = new Map<string, Row>();
  walk({ path: name, schema: part, required: false }, root, rows, []);
  rows.delete(name);
  const lines = [...rows.values()].map((row) => line(row, root));
  const about = resolve(part, root).description;
  return [
    `### ${name}`,
    ...(about === undefined ? [] : [about]),
    '',
    '| key | what | |',
    '|---|---|---|',
    ...lines,
  ].join('\n');
}

function walk(row: Row, root: Schema, rows: Map<string, Row>, above: readonly string[]): void {
  const { $ref } = row.schema;
  const schema = resolve(row.schema, root);
  if (!rows.has(row.path)) rows.set(row.path, { ...row, schema: { ...schema, ...row.schema } });
  if (above.length > DEPTH || ($ref !== undefined && above.includes($ref))) return;
  const next = [...above, $ref ?? ''];
  const into = (path: string, inner: Schema, required: boolean): void =>
    walk({ path, schema: inner, required }, root, rows, next);
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    into(`${row.path}.${key}`, inner, schema.required?.includes(key) === true);
  }
  if (typeof schema.additionalProperties === 'object')
    into(`${row.path}.*`, schema.additionalProperties, false);
  if (schema.items !== undefined) into(`${row.path}[]`, schema.items, false);
  for (const inner of branches(schema)) into(row.path, inner, row.required);
}

function line({ path, schema, required }: Row, root: Schema): string {
  const key = required ? `**\`${path}\`**` : `\`${path}\``;
  const fallback = schema.default === undefined ? '' : `default \`${JSON.stringify(schema.default)}\``;
  const notes = [typeText(schema, root), fallback].filter((part) => part !== '').join(', ');
  return `| ${key} | ${cell(schema.description ?? '')} | ${cell(notes)} |`;
}

function typeText(schema: Schema, root: Schema): string {
  const here = resolve(schema, root);
  if (here.enum !== undefined) return here.enum.map((value) => `\`${String(value)}\``).join(' ');
  if (here.const !== undefined) return `\`${String(here.const)}\``;
  const own = here.type === undefined ? [] : [here.type].flat();
  const words = [...own, ...branches(here).map((inner) => typeText(inner, root))];
  return [...new Set(words.filter((word) => word !== ''))].join(' or ');
}

function branches({ anyOf = [], oneOf = [], allOf = [] }: Schema): readonly Schema[] {
  return [...anyOf, ...oneOf, ...allOf];
}

function resolve(schema: Schema, root: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const keys = schema.$ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((key) => key !== '');
  return asSchema(keys.reduce<unknown>((node, key) => Reflect.get(Object(node), key), root));
}

/** The border: what `muster schema` prints is a JSON Schema by its own tests. */
function asSchema(value: unknown): Schema {
  return Object(value) as Schema;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
