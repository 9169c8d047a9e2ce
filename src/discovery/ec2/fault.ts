import { faultKind, saidBy } from '../../aws/fault.ts';

/** An answer that is not EC2's: HTML of some box in between, or nothing at all. */
export class StrangeAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StrangeAnswer';
  }
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
