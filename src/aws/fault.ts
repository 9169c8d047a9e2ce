/** What the reaction to a failed call depends on. */
export type FaultKind = 'throttled' | 'credentials' | 'forbidden' | 'token' | 'server' | 'other';

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

/** An authorization failure carries an encoded message of kilobytes, and a page of HTML is no better. */
export function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 300);
  const message = error.message.replace(/\s*Encoded authorization failure message:.*/s, '');
  const line = message.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
  return line === '' || line === error.name ? error.name : `${error.name}: ${line}`;
}
