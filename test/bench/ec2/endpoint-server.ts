/** EC2 with 20,000 instances, for the bench. Run by ec2.bench.ts. */
import { createServer } from 'node:http';
import { portOf } from '../../parts/http.ts';
import { INSTANCES, PAGE, pageText } from './instances.ts';
import type { EndpointCommand, EndpointReport } from './messages.ts';

const report = (message: EndpointReport): void => void process.send?.(message);
let turn = 0;
// Made once: what serves must not be what is measured.
const pages = Array.from({ length: INSTANCES / PAGE }, (_, page) => Buffer.from(pageText(page, turn)));

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const page = Number(new URLSearchParams(body).get('NextToken') ?? 0);
    if (page === 0) report({ done: 'begin' });
    response.writeHead(200, { 'content-type': 'text/xml;charset=UTF-8' });
    response.end(pages[page]);
  });
});

process.on('message', (command: EndpointCommand) => {
  if (command.do === 'start') {
    server.listen(0, '127.0.0.1', () => {
      const bytes = pages.reduce((sum, page) => sum + page.length, 0);
      report({ done: 'start', port: portOf(server), bytes });
    });
  }
  if (command.do === 'change') {
    turn += 1;
    pages[0] = Buffer.from(pageText(0, turn));
    report({ done: 'change' });
  }
});
process.on('disconnect', () => process.exit(0));
