import type { PreviewView, RelabelView } from '../api/relabel-view.ts';
import {
  changesBetween,
  previewRelabel,
  type RelabelPrefix,
  type RelabelStep,
} from '../discovery/relabel-preview.ts';
import type { Instance } from '../model/instance.ts';

export interface RelabelTally {
  add(scope: string, instance: Instance): void;
  /** `left`: how many were not added for want of time. */
  view(source: string, left: number): RelabelView;
}

/** Counts what rules do to instances, and shows `limit` of them rule by rule: first those that are touched. */
export function relabelTally(prefixes: readonly RelabelPrefix[], limit: number): RelabelTally {
  const all = prefixes.at(-1);
  const preview = previewRelabel(prefixes);
  const [touched, others]: [PreviewView[], PreviewView[]] = [[], []];
  const counts = { looked: 0, changed: 0, dropped: 0 };
  return {
    add: (scope, instance) => {
      const outcome = all?.run(instance) ?? { instance };
      const isDropped = 'dropped' in outcome;
      const isChanged = !isDropped && changesBetween(instance, outcome.instance).length > 0;
      counts.looked += 1;
      counts.dropped += isDropped ? 1 : 0;
      counts.changed += isChanged ? 1 : 0;
      const shown = isDropped || isChanged ? touched : others;
      if (shown.length < limit) shown.push(previewView(scope, instance, preview(instance)));
    },
    view: (source, left) => {
      return { source, ...counts, left, instances: [...touched, ...others].slice(0, limit) };
    },
  };
}

function previewView(
  scope: string,
  { id, address, labels }: Instance,
  { after, steps, dropped }: ReturnType<ReturnType<typeof previewRelabel>>,
): PreviewView {
  return {
    scope,
    id,
    address,
    before: labels,
    ...(after === undefined ? {} : { after: after.labels }),
    steps: steps.map(stepView),
    ...(dropped === undefined ? {} : { dropped }),
  };
}

function stepView({ rule, action, changes, dropped }: RelabelStep): PreviewView['steps'][number] {
  return {
    rule,
    action,
    changes: changes.map(({ label, before, after }) => ({
      label,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
    ...(dropped === undefined ? {} : { dropped }),
  };
}
