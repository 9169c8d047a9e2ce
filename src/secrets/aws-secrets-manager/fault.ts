import { type FaultKind, faultKind, saidBy } from '../../aws/fault.ts';
import { MusterError } from '../../errors.ts';

/** `gone`: the secret does not exist. `unlabelled`: it does, and no version has the stage. */
export type ApiFaultKind =
  | FaultKind
  | 'gone'
  | 'unlabelled'
  | 'deleted'
  | 'key'
  | 'strange'
  | 'network'
  | 'unanswered';

/**
 * A failed call, in the API's own words. It is made anew out of words alone: errors of the SDK carry
 * the answer, and with it what a person must not see.
 */
export class ApiFault extends Error {
  readonly kind: ApiFaultKind;

  constructor(kind: ApiFaultKind, message: string) {
    super(message);
    this.name = 'ApiFault';
    this.kind = kind;
  }
}

export function apiFault(error: unknown): ApiFault {
  if (error instanceof ApiFault) return error;
  const kind = kindOf(error);
  // A parser quotes what it could not read, and that may be a secret.
  return new ApiFault(kind, isParseFault(error) ? 'its answer is not JSON' : saidBy(error));
}

/** An error that a batch lists for one secret. */
export function listedFault(code: string, message: string): ApiFault {
  return apiFault(Object.assign(new Error(message), { name: code }));
}

const NETWORK =
  /^(E[A-Z]{4,}|TimeoutError|RequestTimeout|NetworkingError|CERT_|DEPTH_ZERO|UNABLE_|SELF_SIGNED)/;

function kindOf(error: unknown): ApiFaultKind {
  if (!(error instanceof Error)) return 'other';
  switch (error.name) {
    case 'ResourceNotFoundException':
      return /staging label|versionid|secret value/i.test(error.message) ? 'unlabelled' : 'gone';
    case 'InvalidRequestException':
      return /marked (for deletion|deleted)|scheduled for deletion/i.test(error.message)
        ? 'deleted'
        : 'other';
    case 'DecryptionFailure':
    case 'DecryptionFailureException':
      return 'key';
    case 'InternalServiceError':
    case 'InternalServiceErrorException':
      return 'server';
    default:
      break;
  }
  const kind = isNetwork(error) ? 'network' : faultKind(error);
  return kind === 'other' && isParseFault(error) ? 'strange' : kind;
}

function isParseFault(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && error.name === 'SyntaxError');
}

function isNetwork(error: Error): boolean {
  return NETWORK.test(error.name) || ('code' in error && NETWORK.test(String(error.code)));
}

/** Where it happened, for a person. */
export interface Where {
  /** Name of the store. */
  readonly store: string;
  readonly region: string;
  /** What was asked for: an action of IAM. */
  readonly action: string;
  /** Name or ARN of the secret; absent: it was all of them. */
  readonly id?: string | undefined;
}

/** What went wrong, where, and what to do. */
export function storeFault(error: unknown, where: Where): MusterError {
  if (error instanceof MusterError) return error;
  const fault = apiFault(error);
  const secret = where.id === undefined ? '' : `, secret ${where.id}`;
  const place = `Secrets Manager in ${where.region} (store "${where.store}"${secret})`;
  return new MusterError('secret_failed', `${place}: ${adviceOn(fault, where)}`);
}

function adviceOn({ kind, message }: ApiFault, { action, id = '<id>' }: Where): string {
  switch (kind) {
    case 'throttled':
      return `throttled (${message}); calls are made at most every 5 s until it answers`;
    case 'credentials':
      return `the credentials were not accepted or not found (${message}); renew them: they are read anew at the next attempt. Check profile, keys and assumeRole of the store, and this machine's clock`;
    case 'forbidden':
      return `not allowed (${message}); the credentials need ${permissionsFor(action)}, and sts:AssumeRole for an assumed role`;
    case 'key':
      return `it could not be decrypted (${message}); the credentials need kms:Decrypt on the KMS key of the secret, and the key must be enabled`;
    case 'server':
    case 'network':
      return `it fails (${message})`;
    case 'strange':
      return `something else than Secrets Manager answered (${message}): a proxy, a login page? Check the store's endpoint`;
    case 'gone':
      return `it does not exist (${message})`;
    case 'deleted':
      return `it is marked for deletion and cannot be read (${message}); restore it: aws secretsmanager restore-secret --secret-id ${id}`;
    case 'unlabelled':
    case 'unanswered':
    case 'token':
    case 'other':
      return message;
  }
}

function permissionsFor(action: string): string {
  const decrypt =
    action === 'ListSecrets' || action === 'DescribeSecret'
      ? ''
      : ' on it, and kms:Decrypt on its KMS key if that is not aws/secretsmanager';
  return `secretsmanager:${action}${decrypt}`;
}
