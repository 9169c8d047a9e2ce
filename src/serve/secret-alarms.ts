import type { AlarmView } from '../api/source-views.ts';
import type { SecretStatus } from '../secrets/refresh.ts';
import { iso } from './node-views.ts';
import { withoutName } from './secret-words.ts';

/** Failed looks in a row that are an alarm (SRC3). */
const FAILURES = 3;

/** What a person should look at: a secret that cannot be read again and again, and one whose end is near. */
export function secretAlarms(secrets: readonly SecretStatus[]): readonly AlarmView[] {
  return secrets.flatMap((one): readonly AlarmView[] => [
    ...(one.failures >= FAILURES
      ? [{ kind: 'failing' as const, secret: one.name, message: failingText(one) }]
      : []),
    ...(one.alarm === 'none' ? [] : [{ kind: 'expiring' as const, secret: one.name, message: endText(one) }]),
  ]);
}

function failingText({ name, problem, state, notAfter }: SecretStatus): string {
  const until = notAfter === undefined ? '' : ` until ${iso(notAfter)}`;
  const served = state === 'absent' ? 'nothing of it is served' : `what was read before is served${until}`;
  return `cannot be read again and again; ${served}: ${withoutName(name, problem) ?? 'no reason is known'}`;
}

function endText({ alarm, notAfter }: SecretStatus): string {
  const end = notAfter === undefined ? '' : iso(notAfter);
  if (alarm === 'expired') return `its validity ended on ${end}; it is served on until there is a new one`;
  return `its validity ends on ${end}; ${alarm === 'page' ? '90' : '80'} % of its life is over and there is no new one`;
}
