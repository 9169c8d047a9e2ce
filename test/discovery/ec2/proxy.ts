import { createServer, type IncomingMessage } from 'node:http';
import { listen, portOf } from '../../parts/http.ts';

/** One call as it was on the wire. */
export interface WireCall {
  readonly action: string;
  readonly region: string;
  readonly accessKey: string;
  readonly parameters: URLSearchParams;
  /** Milliseconds since the process began. */
  readonly at: number;
}

export interface WireAnswer {
  readonly status?: number;
  readonly body: string;
  readonly type?: string;
}

export interface Ec2Proxy {
  readonly url: string;
  readonly calls: WireCall[];
  /** What is answered instead; undefined hands the call on. `hang` never answers. */
  answer: (call: WireCall) => WireAnswer | 'hang' | undefined;
  /** Changes what the real one answered. */
  rewrite: (body: string, call: WireCall) => string;
  /** Changes what the real one is asked. */
  rewriteRequest: (body: string) => string;
  stop(): Promise<void>;
}

/** Stands in front of moto (or of nothing) and shows what moto cannot. */
export async function startEc2Proxy(upstream?: string): Promise<Ec2Proxy> {
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      const call = callOf(request, body);
      proxy.calls.push(call);
      const own = proxy.answer(call);
      if (own === 'hang') return;
      const {
        status = 200,
        type = 'text/xml;charset=UTF-8',
        body: text,
      } = own ?? (await forward(request, body, call));
      response.writeHead(status, { 'content-type': type });
      response.end(text);
    });
  });
  const forward = async (request: IncomingMessage, body: string, call: WireCall): Promise<WireAnswer> => {
    if (upstream === undefined) return ec2Error(500, 'InternalError', 'nothing stands behind this');
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && !/^(connection|content-length|expect)$/.test(name) ? [[name, value]] : [],
    );
    const answered = await fetch(`${upstream}${request.url}`, {
      method: 'POST',
      headers: [...headers, ['connection', 'close']],
      body: proxy.rewriteRequest(body),
    });
    return { status: answered.status, body: proxy.rewrite(await answered.text(), call) };
  };
  const stop = await listen(server, 0);
  const proxy: Ec2Proxy = {
    url: `http://127.0.0.1:${portOf(server)}`,
    calls: [],
    answer: () => undefined,
    rewrite: (body) => body,
    rewriteRequest: (body) => body,
    stop,
  };
  return proxy;
}

/** An error in EC2's own form. */
export function ec2Error(status: number, code: string, message: string): WireAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`;
  return { status, body };
}

/** The text of `DescribeInstances` for these reservations. */
export function instancesPage(reservations: string, nextToken?: string): WireAnswer {
  const token = nextToken === undefined ? '' : `<nextToken>${nextToken}</nextToken>`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet>${reservations}</reservationSet>${token}</DescribeInstancesResponse>`;
  return { body };
}

export interface FakeInstance {
  readonly id: string;
  readonly address?: string;
  readonly state?: string;
  readonly zone?: string;
  readonly zoneId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Further elements of the item. */
  readonly more?: string;
}

export function reservation({
  id,
  address,
  state = 'running',
  zone = 'eu-west-1a',
  zoneId,
  tags = {},
  more = '',
}: FakeInstance): string {
  const tagSet = Object.entries(tags).map(
    ([key, value]) => `<item><key>${escaped(key)}</key><value>${escaped(value)}</value></item>`,
  );
  const ip = address === undefined ? '' : `<privateIpAddress>${address}</privateIpAddress>`;
  const idOfZone = zoneId === undefined ? '' : `<availabilityZoneId>${zoneId}</availabilityZoneId>`;
  return `<item><reservationId>r-${id}</reservationId><ownerId>123456789012</ownerId><instancesSet><item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState>${ip}<placement><availabilityZone>${zone}</availabilityZone>${idOfZone}</placement><tagSet>${tagSet.join('')}</tagSet>${more}</item></instancesSet></item>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '&#10;');
}

function callOf(request: IncomingMessage, body: string): WireCall {
  const parameters = new URLSearchParams(body);
  const credential = /Credential=([^/]*)\/[^/]*\/([^/]*)\//.exec(request.headers.authorization ?? '');
  return {
    action: parameters.get('Action') ?? '',
    region: credential?.[2] ?? '',
    accessKey: credential?.[1] ?? '',
    parameters,
    at: performance.now(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
