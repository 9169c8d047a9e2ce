import { z } from 'zod';

const MAX_LENGTH = 512;

/**
 * A path of Vault. Each segment is encoded on its own when it is sent, so whatever stands in it, it
 * names this one path; what would be another path after all (`..`, `//`) is refused here.
 */
export const vaultPath = z.string().superRefine((text, context) => {
  const message = pathFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** One segment: a role. */
export const vaultName = vaultPath.refine((text) => !text.includes('/'), 'a name holds no /');

/** `shop/a b` as it stands in a URL. */
export function encodePath(path: string): string {
  const message = pathFault(path);
  if (message !== undefined) throw new TypeError(`not a path of Vault: ${message}`);
  return path.split('/').map(encodeURIComponent).join('/');
}

function pathFault(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  if (text.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`;
  if (!text.isWellFormed() || hasControl(text)) return 'holds a control character';
  const segments = text.split('/');
  if (segments.includes('')) return 'no / at its start or end, and no two of them in a row';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'no segment . or ..';
  return undefined;
}

export function hasControl(text: string): boolean {
  return [...text].some((one) => one < ' ' || one === '\u007f');
}
