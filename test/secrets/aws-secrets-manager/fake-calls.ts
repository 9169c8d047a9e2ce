import { SecretBytes } from '../../../src/secret-bytes.ts';
import type {
  BatchResult,
  SecretFacts,
  SecretsCalls,
  SecretValue,
} from '../../../src/secrets/aws-secrets-manager/calls.ts';
import type { Open } from '../../../src/secrets/aws-secrets-manager/connection.ts';
import { ApiFault, type ApiFaultKind } from '../../../src/secrets/aws-secrets-manager/fault.ts';

type Action = 'list' | 'describe' | 'value' | 'batch';

export interface FakeAws {
  /** One line for each call: `list`, `describe a`, `value a AWSCURRENT`, `batch a,b`. */
  readonly asked: string[];
  readonly open: () => Promise<Open>;
  /** A secret with one version under AWSCURRENT, or a new one. */
  put(name: string, version: string, text: string): void;
  label(name: string, stage: string, version: string | undefined): void;
  remove(name: string, deleted?: Date): void;
  restore(name: string): void;
  /** What these actions answer from now on; without a kind all is well. */
  fail(kind: ApiFaultKind | undefined, ...actions: Action[]): void;
  /** What a batch says for one id in place of its value; null: nothing. */
  batchFault: Map<string, ApiFault | null>;
  /** The list is as it was when this was called. */
  freezeList(): void;
}

interface Held {
  facts: SecretFacts;
  readonly values: Map<string, string>;
}

const PAGE = 100;

/** Secrets Manager that answers as told. */
export function fakeAws(): FakeAws {
  const secrets = new Map<string, Held>();
  const faults = new Map<Action, ApiFaultKind>();
  let frozen: readonly SecretFacts[] | undefined;
  const asked: string[] = [];
  const called = (action: Action, about = ''): void => {
    asked.push(`${action} ${about}`.trim());
    const kind = faults.get(action);
    if (kind !== undefined) throw new ApiFault(kind, `the fake says ${kind}`);
  };
  const heldOf = (id: string): Held => {
    const held = secrets.get(id);
    if (held === undefined) throw new ApiFault('gone', "can't find the specified secret");
    return held;
  };
  const valueAt = (id: string, stage: string): SecretValue => {
    const { facts, values } = heldOf(id);
    if (facts.deleted !== undefined) throw new ApiFault('deleted', 'it was marked for deletion');
    const versionId = facts.versions.get(stage);
    const text = versionId === undefined ? undefined : values.get(versionId);
    if (versionId === undefined || text === undefined)
      throw new ApiFault('unlabelled', `no value for ${stage}`);
    return { versionId, text: true, bytes: SecretBytes.fromUtf8(text) };
  };
  const change = (name: string, facts: Partial<SecretFacts>): void => {
    const held = heldOf(name);
    held.facts = { ...held.facts, ...facts };
  };
  const calls: SecretsCalls = {
    async list(token) {
      called('list');
      const all = frozen ?? [...secrets.values()].map(({ facts }) => facts);
      const from = Number(token ?? 0);
      const nextToken = from + PAGE < all.length ? String(from + PAGE) : undefined;
      return { secrets: all.slice(from, from + PAGE), nextToken };
    },
    async describe(id) {
      called('describe', id);
      return heldOf(id).facts;
    },
    async value(id, stage) {
      called('value', `${id} ${stage}`);
      return valueAt(id, stage);
    },
    async batch(ids) {
      called('batch', ids.join(','));
      const results = new Map<string, BatchResult>();
      for (const id of ids) {
        const fault = fake.batchFault.get(id);
        if (fault !== null) results.set(id, fault ?? valueAt(id, 'AWSCURRENT'));
      }
      return results;
    },
  };
  const fake: FakeAws = {
    asked,
    open: async () => () => ({ ...calls, close: () => undefined }),
    put(name, version, text) {
      const held = secrets.get(name) ?? {
        facts: { name, arn: arnOf(name), versions: new Map(), deleted: undefined },
        values: new Map<string, string>(),
      };
      held.values.set(version, text);
      secrets.set(name, held);
      fake.label(name, 'AWSCURRENT', version);
    },
    label(name, stage, version) {
      const versions = new Map(heldOf(name).facts.versions);
      if (version === undefined) versions.delete(stage);
      else versions.set(stage, version);
      change(name, { versions });
    },
    remove(name, deleted) {
      if (deleted === undefined) secrets.delete(name);
      else change(name, { deleted });
    },
    restore: (name) => change(name, { deleted: undefined }),
    fail(kind, ...actions) {
      for (const action of actions) {
        if (kind === undefined) faults.delete(action);
        else faults.set(action, kind);
      }
    },
    batchFault: new Map(),
    freezeList() {
      frozen = [...secrets.values()].map(({ facts }) => facts);
    },
  };
  return fake;
}

export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
}
