/** What the reaction to a failed call depends on. */
export type FaultKind = 'throttled' | 'credentials' | 'forbidden' | 'token' | 'server' | 'other';

/** An answer that is not EC2's: HTML of some box in between, or nothing at all. */
export class StrangeAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StrangeAnswer';
  }
}

const KINDS: readonly { readonly kind: FaultKind; readonly names: RegExp }[] = [
  {
    kind: 'throttled',
    names:
      /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|RequestThrottled|RequestThrottledException|TooManyRequestsException|SlowDown|EC2ThrottledException|BandwidthLimitExceeded)$/,
  },
  {
    kind: 'credentials',
    names:
      /^(AuthFailure|ExpiredToken|ExpiredTokenException|RequestExpired|UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|CredentialsProviderError|TokenProviderError|ProviderError)$/,
  },
  {
    kind: 'forbidden',
    names: /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|OptInRequired|Blocked)$/,
  },
  {
    kind: 'token',
    names:
      /^(InvalidPaginationToken|InvalidNextToken|ExpiredPaginationToken|ExpiredNextToken|InvalidNextTokenException)$/,
  },
  {
    kind: 'server',
    names:
      /^(InternalError|InternalFailure|Unavailable|ServiceUnavailable|ServiceUnavailableException|InternalServerError)$/,
  },
];

/** Sorts an error of the SDK by what is to be done about it. */
export function faultKind(error: unknown): FaultKind {
  if (!(error instanceof Error)) return 'other';
  const known = KINDS.find(({ names }) => names.test(error.name));
  if (known !== undefined) return known.kind;
  const status = statusOf(error);
  if (status === 429) return 'throttled';
  if (error.name === 'InvalidParameterValue' && /token/i.test(error.message)) return 'token';
  return status !== undefined && status >= 500 ? 'server' : 'other';
}

function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** Where it happened, for a person. */
export interface Where {
  readonly account: string;
  readonly region: string;
  readonly statusChecks: boolean;
  readonly interfaces: boolean;
}

/** What went wrong, where, and what to do. Never holds credentials: the API's own words do not. */
export function faultText(error: unknown, where: Where): string {
  const place = `EC2 in account ${where.account}, region ${where.region}`;
  return `${place}: ${whatAndAdvice(error, where)}`;
}

function whatAndAdvice(error: unknown, where: Where): string {
  const said = saidBy(error);
  switch (faultKind(error)) {
    case 'throttled':
      return `throttled (${said}); calls are made at most every 5 s until it answers`;
    case 'credentials':
      return `the credentials were not accepted or not found (${said}); renew them: they are read anew at each attempt. Check accounts[].profile and assumeRole, and this machine's clock`;
    case 'forbidden':
      return `not allowed (${said}); the credentials need ${actionsOf(where)}, and sts:AssumeRole for an assumed role`;
    case 'token':
      return `the list of instances changed its pages twice while it was read (${said}); nothing of it is used`;
    case 'server':
      return `the API fails (${said}); the last good state stays`;
    case 'other':
      return said;
  }
}

function actionsOf({ statusChecks, interfaces }: Where): string {
  return [
    'ec2:DescribeInstances',
    'ec2:DescribeAvailabilityZones',
    ...(statusChecks ? ['ec2:DescribeInstanceStatus'] : []),
    ...(interfaces ? ['ec2:DescribeNetworkInterfaces'] : []),
  ].join(', ');
}

/** An authorization failure carries an encoded message of kilobytes, and a page of HTML is no better. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 300);
  const message = error.message.replace(/\s*Encoded authorization failure message:.*/s, '');
  const line = message.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
  return line === '' || line === error.name ? error.name : `${error.name}: ${line}`;
}
