/** Secrets Manager with many secrets, that counts its calls. Run by aws-secrets.bench.ts. */
import { createServer } from 'node:http';
import { z } from 'zod';
import { portOf } from '../../parts/http.ts';
import type { EndpointCommand, EndpointReport } from './messages.ts';

const PAGE = 100;
const report = (message: EndpointReport): void => void process.send?.(message);
const versions: number[] = [];
let calls: Record<string, number> = {};

const input = z.object({
  NextToken: z.string().optional(),
  SecretIdList: z.array(z.string()).default([]),
  SecretId: z.string().default(''),
});

const arnOf = (at: number): string => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:s${at}-AbCdEf`;
const versionOf = (at: number): string => `00000000-0000-4000-8000-${String(versions[at]).padStart(12, '0')}`;

function factsOf(at: number): object {
  const stages = { [versionOf(at)]: ['AWSCURRENT'], 'before-that-one': ['AWSPREVIOUS'] };
  const tags = [{ Key: 'team', Value: 'shop' }];
  return {
    ARN: arnOf(at),
    Name: `s${at}`,
    SecretVersionsToStages: stages,
    Tags: tags,
    LastChangedDate: 1.7e9,
  };
}

function valueAt(id: string): object {
  const at = Number(id.slice(1));
  return {
    ARN: arnOf(at),
    Name: id,
    VersionId: versionOf(at),
    SecretString: `value ${versions[at]} of ${id}`,
  };
}

function answer(action: string, { NextToken, SecretIdList, SecretId }: z.infer<typeof input>): object {
  switch (action) {
    case 'ListSecrets': {
      const from = Number(NextToken ?? 0);
      const next = from + PAGE < versions.length ? { NextToken: String(from + PAGE) } : {};
      const SecretList = versions.slice(from, from + PAGE).map((_, at) => factsOf(from + at));
      return { SecretList, ...next };
    }
    case 'BatchGetSecretValue':
      return { SecretValues: SecretIdList.map(valueAt), Errors: [] };
    default:
      return valueAt(SecretId);
  }
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const action = String(request.headers['x-amz-target']).replace(/^secretsmanager\./, '');
    calls[action] = (calls[action] ?? 0) + 1;
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer(action, input.parse(JSON.parse(body)))));
  });
});

process.on('message', (command: EndpointCommand) => {
  switch (command.do) {
    case 'start':
      versions.push(...Array.from({ length: command.secrets }, () => 1));
      server.listen(0, '127.0.0.1', () => report({ done: 'start', port: portOf(server) }));
      break;
    case 'rotate':
      versions[command.secret] = (versions[command.secret] ?? 0) + 1;
      report({ done: 'rotate' });
      break;
    case 'calls':
      report({ done: 'calls', calls });
      calls = {};
      break;
  }
});
process.on('disconnect', () => process.exit(0));
