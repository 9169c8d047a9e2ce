import { z } from 'zod';
import { SecretBytes } from '../../secret-bytes.ts';
import type { BatchResult, SecretFacts, SecretValue } from './calls.ts';
import { ApiFault, listedFault } from './fault.ts';

/** A secret holds 64 KiB; what is larger is none. */
const MOST_BYTES = 1024 * 1024;

const stages = z.record(z.string(), z.array(z.string())).nullish();

const facts = z.object({
  ARN: z.string(),
  Name: z.string(),
  DeletedDate: z.date().nullish(),
  /** The same under two names, in a list and in a description. */
  SecretVersionsToStages: stages,
  VersionIdsToStages: stages,
});

const list = z.object({ SecretList: z.array(facts) });

const bytes = z.instanceof(Uint8Array);

const value = z.object({
  ARN: z.string(),
  Name: z.string(),
  VersionId: z.string().min(1),
  SecretString: z.string().nullish(),
  SecretBinary: bytes.nullish(),
});

const batch = z.object({
  SecretValues: z.array(value).nullish(),
  Errors: z
    .array(z.object({ SecretId: z.string(), ErrorCode: z.string(), Message: z.string().nullish() }))
    .nullish(),
});

export function factsOf(answer: unknown): readonly SecretFacts[] {
  return parsed(list, answer).SecretList.map(toFacts);
}

export function factOf(answer: unknown): SecretFacts {
  return toFacts(parsed(facts, answer));
}

export function secretValueOf(answer: unknown): SecretValue {
  return toValue(parsed(value, answer));
}

/** By id: a value or an error; one that has neither was not answered. */
export function batchResultsOf(ids: readonly string[], answer: unknown): ReadonlyMap<string, BatchResult> {
  const { SecretValues, Errors } = parsed(batch, answer);
  const results = new Map<string, BatchResult>();
  for (const one of SecretValues ?? []) {
    const read = toValue(one);
    for (const id of ids) if (isFor(id, one)) results.set(id, read);
  }
  for (const { SecretId, ErrorCode, Message } of Errors ?? [])
    results.set(SecretId, listedFault(ErrorCode, Message ?? ''));
  return results;
}

/** An ARN may be written without the six letters that AWS puts at its end. */
export function shortArn(arn: string): string {
  return arn.replace(/-[A-Za-z0-9]{6}$/, '');
}

function isFor(id: string, { ARN, Name }: { readonly ARN: string; readonly Name: string }): boolean {
  return id === Name || id === ARN || id === shortArn(ARN);
}

function toFacts(raw: z.infer<typeof facts>): SecretFacts {
  const labelled = Object.entries(raw.SecretVersionsToStages ?? raw.VersionIdsToStages ?? {});
  const versions = new Map(labelled.flatMap(([id, labels]) => labels.map((label) => [label, id] as const)));
  return { name: raw.Name, arn: raw.ARN, versions, deleted: raw.DeletedDate ?? undefined };
}

function toValue({ VersionId, SecretString, SecretBinary }: z.infer<typeof value>): SecretValue {
  const text = SecretString !== undefined && SecretString !== null;
  const held = text ? Buffer.from(SecretString, 'utf8') : (SecretBinary ?? undefined);
  if (held === undefined) throw new ApiFault('unlabelled', `its version ${VersionId} holds no value`);
  if (held.length > MOST_BYTES) throw new ApiFault('strange', `a secret of ${held.length} bytes`);
  return { versionId: VersionId, text, bytes: new SecretBytes(held) };
}

/** What a schema says of an answer could quote it. */
function parsed<Out>(schema: z.ZodType<Out>, answer: unknown): Out {
  const { data, error } = schema.safeParse(answer);
  if (data !== undefined) return data;
  const where = error?.issues[0]?.path.map(String).join('.') ?? '';
  throw new ApiFault('strange', `its answer lacks what it must have: ${where === '' ? 'everything' : where}`);
}
