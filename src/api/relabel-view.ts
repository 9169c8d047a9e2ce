import { z } from 'zod';
import { count, list } from './scalars.ts';

/** What relabelling rules would do: the API's answer to a dry run (SRC12). */

const changeView = z
  .object({
    label: z.string().describe('A label, or a fact of the instance itself: `__address__`, `__zone__` …'),
    before: z.string().optional().describe('Absent: it was not there'),
    after: z.string().optional().describe('Absent: it is gone'),
  })
  .readonly();

const stepView = z
  .object({
    rule: count.describe('Its place in the list, from 1'),
    action: z.string(),
    changes: list(changeView),
    dropped: z.string().optional().describe('Why the instance goes no further'),
  })
  .readonly();

const previewView = z
  .object({
    scope: z.string(),
    id: z.string(),
    address: z.string(),
    before: z.record(z.string(), z.string()).readonly().describe('Labels as the source reports them'),
    after: z.record(z.string(), z.string()).readonly().optional().describe('Absent: dropped'),
    steps: list(stepView).describe('Rules that changed something, in their order'),
    dropped: z.string().optional(),
  })
  .readonly();

export const relabelView = z
  .object({
    source: z.string(),
    looked: count.describe('Instances that the rules were run on'),
    left: count.describe('Instances that were not looked at: the time was up'),
    changed: count.describe('Of those looked at: kept and with another label or fact than before'),
    dropped: count,
    instances: list(previewView).describe('The first of those looked at, step by step'),
  })
  .readonly();

export type RelabelView = z.output<typeof relabelView>;
export type PreviewView = z.output<typeof previewView>;
