import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle } from './build-bundle.ts';
import type { Bundle } from './descriptor.ts';
import { ProtoError } from './proto-error.ts';
import { projectRoot, sourcesHash } from './sources.ts';

/** The copy that `npm run build` puts beside the compiled code; a checkout has none. */
const PACKAGED = fileURLToPath(new URL('./descriptors.json', import.meta.url));

/**
 * The descriptor bundle: the packaged copy, else the one of this checkout.
 * @throws ProtoError in words when there is neither a bundle nor the protos to build one from.
 */
export function loadBundle(): Bundle {
  return existsSync(PACKAGED) ? read(PACKAGED) : checkoutBundle(projectRoot());
}

/** The cached bundle of a checkout, built and cached first when its protos changed; every process may do so. */
export function checkoutBundle(folder: string | undefined): Bundle {
  const project = requireProject(folder);
  const cached = join(project, '.cache', `descriptors-${sourcesHash(project)}.json`);
  if (existsSync(cached)) return read(cached);
  const bundle = buildBundle(project);
  try {
    write(cached, bundle);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.emitWarning(
      `the descriptor bundle cannot be kept (${why}): every start builds it again, about 1 s`,
    );
  }
  return bundle;
}

/** Builds the bundle and writes it to `path`: the package build puts it beside the compiled registry. */
export function writeBundle(path: string): void {
  const bundle = buildBundle(requireProject(projectRoot()));
  try {
    write(path, bundle);
  } catch (error) {
    throw new ProtoError(path, 'the descriptor bundle cannot be written here', error);
  }
}

function requireProject(project: string | undefined): string {
  if (project !== undefined && existsSync(join(project, 'protos'))) return project;
  throw new ProtoError(
    '',
    `no descriptor bundle at ${PACKAGED} and no protos/ folder to build it from: install muster again, or run from a complete checkout`,
  );
}

function read(path: string): Bundle {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ProtoError(
      path,
      'the descriptor bundle is damaged: delete this file, the next start builds it again',
      error,
    );
  }
}

/** Several processes may build at once: each writes its own file, and the last rename wins with equal content. */
function write(path: string, bundle: Bundle): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${process.hrtime.bigint()}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(bundle));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
