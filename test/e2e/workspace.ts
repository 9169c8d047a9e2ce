import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { STATE_DRIVERS } from '../../src/fleet/state/index.ts';
import { until } from '../parts/until.ts';

/** A config folder and a state folder of one test; gone when it ends. */
export interface Workspace {
  readonly dir: string;
  readonly config: string;
  readonly state: string;
  path(name: string): string;
  /** Puts a file of the config in place by rename, as a careful editor does. */
  put(name: string, text: string): Promise<void>;
  /** The same for a value, as JSON: which is YAML too. */
  putConfig(value: object): Promise<void>;
}

export async function createWorkspace(): Promise<Workspace> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-e2e-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const config = join(dir, 'config');
  await mkdir(config);
  const path = (name: string): string => join(config, name);
  const put = async (name: string, text: string): Promise<void> => {
    const target = path(name);
    const draft = join(dir, `draft-${name.replaceAll('/', '-')}`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, target);
  };
  const putConfig = (value: object): Promise<void> => put('fleet.yaml', JSON.stringify(value, null, 2));
  return { dir, config, state: join(dir, 'state'), path, put, putConfig };
}

/** Waits until a replica that crashes now would find its config, `scopes` scopes and one snapshot. */
export async function untilStored({ dir, state }: Workspace, scopes: number): Promise<void> {
  const copy = join(dir, 'copy-of-state');
  await until('the state to be on disk', async () => {
    await rm(copy, { recursive: true, force: true });
    // Only its owner may open it: a reader that reserves revisions is a second writer.
    await cp(state, copy, { recursive: true });
    const probe = STATE_DRIVERS.disk({ dir: copy });
    const stored = await probe.load();
    await probe.close();
    return stored.config !== undefined && stored.scopes.length === scopes && stored.snapshots.length === 1;
  });
}
