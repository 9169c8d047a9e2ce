import Table from 'cli-table3';
import { Option } from 'commander';
import { stringify } from 'yaml';

export type Format = 'table' | 'json' | 'yaml';

/** `-o` of the commands that have a table for people. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table for people, json or yaml for programs')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

/** `-o` of the commands whose answer is a document. */
export function documentOption(fallback: 'json' | 'yaml'): Option {
  return new Option('-o, --output <format>', 'format of the document')
    .choices(['yaml', 'json'])
    .default(fallback);
}

export function toJson(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** Strings are always quoted: what reads this (Envoy's parser among them) may take `yes` or `1e3` for something else. */
export function toYaml(data: unknown): string {
  return stringify(data, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  });
}

export function toDocument(data: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? toJson(data) : toYaml(data);
}

const INVISIBLE = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
);

/** Columns without borders, so that lines can be cut and searched. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    chars: { ...INVISIBLE, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map((cell) => clean(cell))));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** Names come from nodes and sources: nothing in them may steer a terminal or break a line. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
