import { globSync, readFileSync } from 'node:fs';

export interface DocCommand {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** The whole command, continued lines joined, comments gone. */
  readonly text: string;
}

const FENCE = /^```(\w*)/;

/** Every command in a fenced `sh` block of a page. */
export function commandsOf(page: string, file: string): readonly DocCommand[] {
  const found: DocCommand[] = [];
  let language: string | undefined;
  let open: { line: number; text: string } | undefined;
  for (const [index, line] of page.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (fence !== null) {
      language = language === undefined ? (fence[1] ?? '') : undefined;
      continue;
    }
    if (!isShell(language)) continue;
    const text = `${open?.text ?? ''}${line}`;
    const start = open?.line ?? index + 1;
    open = line.endsWith('\\') ? { line: start, text: `${text.slice(0, -1)} ` } : undefined;
    const command = withoutComment(text);
    if (open === undefined && command !== '') found.push({ file, line: start, text: command });
  }
  return found;
}

function isShell(language: string | undefined): boolean {
  return language === 'sh' || language === 'bash' || language === 'shell' || language === 'console';
}

function withoutComment(line: string): string {
  // A # begins a comment unless it is quoted or inside a word.
  const code = /^(?:"[^"]*"|'[^']*'|[^"'#]|(?<=\S)#)*/.exec(line)?.[0] ?? '';
  return code.trim().replace(/^\$ /, '');
}

/** The commands of the pages that users read. */
export function documentedCommands(): readonly DocCommand[] {
  const pages = globSync(['README.md', 'docs/**/*.md', 'examples/**/*.md']).toSorted();
  return pages.flatMap((file) => commandsOf(readFileSync(file, 'utf8'), file));
}
