import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** Path from the repository's root, with its extension. */
  readonly from: string;
  /** A path from the root for our own files; a package name (`@scope/name`) or `node:x` for the rest. */
  readonly to: string;
  readonly own: boolean;
  /** Gone after compilation: `import type`, `export type`, or a type expression `import('x').Y`. */
  readonly typeOnly: boolean;
}

export function sourceFiles(): readonly string[] {
  return globSync('src/**/*.ts').toSorted();
}

/** Every import, export-from and import() of one file. */
export function importsOf(file: string, text = readFileSync(file, 'utf8')): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const own = specifier.text.startsWith('.');
    const to = own ? normalize(join(dirname(file), specifier.text)) : packageName(specifier.text);
    found.push({ from: file, to, own, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Whether the program text (not its comments or strings) reads `process.env`. */
export function readsEnvironment(file: string, text = readFileSync(file, 'utf8')): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.env') found = true;
    if (ts.isImportDeclaration(node) && /node:process/.test(node.moduleSpecifier.getText())) {
      found ||= /\benv\b/.test(node.importClause?.getText() ?? '');
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}
