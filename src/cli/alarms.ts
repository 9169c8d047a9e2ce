import { z } from 'zod';
import { clean } from './output.ts';

export const alarm = z.object({
  kind: z.string(),
  source: z.string().optional(),
  scope: z.string().optional(),
  service: z.string().optional(),
  secret: z.string().optional(),
  message: z.string(),
});

type Alarm = z.output<typeof alarm>;

/** Beyond it a list is no help. */
const SHOWN = 20;

/** What a person should look at now, and how to accept what is held. */
export function alarmsText(alarms: readonly Alarm[]): string {
  if (alarms.length === 0) return '';
  const more = alarms.length - SHOWN;
  const rest = more > 0 ? `  and ${more} more: muster sources shows them\n` : '';
  return `ALARMS (${alarms.length})\n${alarms.slice(0, SHOWN).map(alarmText).join('')}${rest}`;
}

function alarmText({ kind, source, scope, service, secret, message }: Alarm): string {
  if (secret !== undefined) return `  ${kind}: secret ${clean(secret)}: ${clean(message)}\n`;
  const place = `${source ?? ''}/${scope ?? ''}`;
  const where = service === undefined ? place : `service ${service}, by ${place}`;
  const accept =
    kind === 'held' ? `    to accept it: muster source release ${shellWord(clean(place))}\n` : '';
  return `  ${kind}: ${clean(where)}: ${clean(message)}\n${accept}`;
}

/** How to say that what the source last said is right. */
export function acceptText(source: string, scope: string): string {
  return `to accept it: muster source release ${shellWord(clean(`${source}/${scope}`))}`;
}

/** Made to be copied into a shell: nothing in the name of a scope may be a command of its own. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
