import type { Service } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import type { HttpRoute } from '../model/route.ts';
import { type Entries, member } from './entries.ts';
import { partOf, type ServiceTemplate } from './schema/service-template.ts';

/** A template that passed its schema. */
export interface NamedTemplate extends ServiceTemplate {
  readonly name: string;
  readonly origin: Origin;
}

/** Names of the templates whose pattern a reference fits, as they are written. */
export function fittingTemplates(entries: Entries): (reference: string) => readonly string[] {
  const templates = [...(entries.get('serviceTemplates')?.values() ?? [])].flatMap(({ name, data }) => {
    const pattern = member(data, 'name');
    const [before, after, ...more] = typeof pattern === 'string' ? pattern.split('{service}') : [];
    return before === undefined || after === undefined || more.length > 0 ? [] : [{ name, before, after }];
  });
  return (reference) =>
    templates.filter((one) => partOf(one, reference) !== undefined).map(({ name }) => name);
}

/**
 * The services that routes name, that nobody wrote and that a template makes. A name that several
 * templates fit is a problem of its reference, and any of them does here.
 */
export function expandTemplates(
  templates: ReadonlyMap<string, NamedTemplate>,
  routes: Iterable<HttpRoute>,
  written: ReadonlyMap<string, unknown>,
): readonly Service[] {
  if (templates.size === 0) return [];
  const made = new Map<string, Service>();
  for (const { rules } of routes) {
    for (const { service } of rules.flatMap(({ backends }) => backends)) {
      if (written.has(service) || made.has(service)) continue;
      const expanded = [...templates.values()].flatMap((template) => expand(template, service) ?? []);
      if (expanded[0] !== undefined) made.set(service, expanded[0]);
    }
  }
  return [...made.values()];
}

function expand(template: NamedTemplate, reference: string): Service | undefined {
  const part = partOf(template, reference);
  if (part === undefined) return undefined;
  const { name, origin, source, selection, settings } = template;
  const from = [{ source, service: part, ...selection, priority: 0 }];
  return { name: reference, origin, from, endpoints: [], ...settings, template: name };
}
