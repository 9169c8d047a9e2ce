/** A real OpenBao with secrets in KV version 2, behind a proxy that counts, in a process of its own. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startOpenBao } from '../../parts/openbao.ts';
import type { VaultCommand, VaultReport } from './messages.ts';

const bao = await startOpenBao();
const target = new URL(bao.url);
let calls: Record<string, number> = {};
let perSecond = new Map<number, number>();

const report = (message: VaultReport): void => void process.send?.(message);

function count(url: string): void {
  const part = /^\/v1\/secret\/(metadata|data)\//.exec(url)?.[1] ?? 'other';
  calls[part] = (calls[part] ?? 0) + 1;
  const second = Math.floor(performance.now() / 1000);
  perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
}

const proxy = createServer((from, to) => {
  count(from.url ?? '');
  const { method, headers, url: path } = from;
  const through = request({ host: target.hostname, port: target.port, path, method, headers }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  through.on('error', () => to.destroy());
  from.pipe(through);
});

const put = (at: number, version: number): Promise<unknown> =>
  bao.call('POST', `secret/data/s${at}`, { data: { value: `value ${version} of s${at}` } });

async function start(secrets: number): Promise<void> {
  for (let at = 0; at < secrets; at += 1) await put(at, 1);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo; // bound by now, to an IP address
  report({ done: 'start', url: `http://127.0.0.1:${port}`, token: bao.rootToken });
}

async function take(command: VaultCommand): Promise<void> {
  if (command.do === 'start') await start(command.secrets);
  else if (command.do === 'rotate') {
    await put(command.secret, 2);
    report({ done: 'rotate' });
  } else {
    report({ done: 'calls', calls, perSecond: [...perSecond.values()] });
    calls = {};
    perSecond = new Map();
  }
}

process.on('message', (command: VaultCommand) => void take(command));
process.on('disconnect', () => void bao.stop().finally(() => process.exit(0)));
process.on('SIGTERM', () => void bao.stop().finally(() => process.exit(0)));
