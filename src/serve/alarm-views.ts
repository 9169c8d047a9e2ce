import type { AlarmView } from '../api/source-views.ts';
import type { ScopeStatus } from '../fleet/seen.ts';
import type { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { SecretRefresher } from '../secrets/refresh.ts';
import { iso } from './node-views.ts';
import { secretAlarms } from './secret-alarms.ts';

interface Watched {
  readonly config: Config | undefined;
  readonly world: Pick<World, 'scopes' | 'heldServices'>;
  readonly secrets: Pick<SecretRefresher, 'status'>;
}

/** Failed looks in a row that are an alarm (SRC3). */
const FAILURES = 3;

/** What a person should look at now: what is held first, then what fails or is too old. */
export function alarmsOf({ config, world, secrets }: Watched, now: number): readonly AlarmView[] {
  const used = new Set<string>();
  for (const { from } of config?.services.values() ?? []) for (const { source } of from) used.add(source);
  const scopes = [...used].toSorted().flatMap((source) => world.scopes(source).map((at) => ({ source, at })));
  return [
    ...scopes.filter(({ at }) => at.held > 0).map(({ source, at }) => heldScope(source, at)),
    ...heldServices(world),
    ...scopes
      .filter(({ at }) => at.failures >= FAILURES)
      .map(({ source, at }) => alarm('failing', source, at, failing(at, now))),
    ...scopes
      .filter(({ at }) => at.stale)
      .map(({ source, at }) =>
        alarm('stale', source, at, `${ageWords(at, now)}, longer than its maxAge: DEGRADED`),
      ),
    ...secretAlarms(secrets.status()),
  ];
}

function alarm(kind: AlarmView['kind'], source: string, { scope }: ScopeStatus, message: string): AlarmView {
  return { kind, source, scope, message };
}

function heldScope(source: string, at: ScopeStatus): AlarmView {
  const what = at.held === 1 ? '1 instance is' : `${at.held} instances are`;
  const message = `${what} served DEGRADED though the source no longer names ${at.held === 1 ? 'it' : 'them'}`;
  return alarm('held', source, at, `${message}${until(at.heldUntil)}`);
}

function heldServices(world: Watched['world']): readonly AlarmView[] {
  return world.heldServices().map(({ service, held, until: end, source, scope }): AlarmView => {
    const what = held === 1 ? '1 endpoint is' : `${held} endpoints are`;
    const message = `${what} served DEGRADED though no source gives ${held === 1 ? 'it' : 'them'} any more`;
    return { kind: 'held', source, scope, service, message: `${message}${until(end)}` };
  });
}

function until(end: number | undefined): string {
  return end === undefined ? '' : `, until ${iso(end)} at the latest`;
}

function failing(at: ScopeStatus, now: number): string {
  return `${at.failures} looks in a row have failed; ${ageWords(at, now)}: ${at.error ?? 'no reason is known'}`;
}

function ageWords({ at }: ScopeStatus, now: number): string {
  return at === undefined
    ? 'it was never read'
    : `what was read ${Math.round((now - at) / 1000)}s ago is served`;
}
