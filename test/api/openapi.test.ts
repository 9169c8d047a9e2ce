import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import { fakeParts } from './fake-view.ts';

let app: Awaited<ReturnType<typeof createApi>>;
interface Operation {
  readonly summary: string;
  readonly responses: object;
}
let document: { openapi: string; paths: Record<string, Record<string, Operation>> };

beforeAll(async () => {
  app = await createApi({ ...fakeParts(), logger: pino({ level: 'silent' }) });
  document = (await app.inject('/openapi.json')).json();
});

afterAll(async () => {
  await app.close();
});

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 and lists every route', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/healthz',
      '/metrics',
      '/openapi.json',
      '/readyz',
      '/v1/config/problems',
      '/v1/explain/secret/{name}',
      '/v1/explain/service/{name}',
      '/v1/groups/{name}/snapshot',
      '/v1/instances',
      '/v1/nodes',
      '/v1/relabel',
      '/v1/secrets',
      '/v1/sources',
      '/v1/sources/{source}/release',
      '/v1/status',
    ]);
  });

  it('describes every route and what it answers', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.length).toBeGreaterThan(12);
    for (const { summary, responses } of operations) {
      expect(summary).not.toBe('');
      expect(Object.keys(responses).length).toBeGreaterThan(0);
    }
  });

  it('names path parameters, and every $ref in it resolves', () => {
    const snapshot = document.paths['/v1/groups/{name}/snapshot'];
    expect(JSON.stringify(snapshot)).toContain('"name":"name","required":true');
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    for (const ref of refs) {
      const target = ref.split('/').reduce<unknown>((node, key) => Reflect.get(Object(node), key), document);
      expect(target, ref).toBeDefined();
    }
  });
});
