import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildPlan, type RoutePlan } from '../../../src/fleet/plan.ts';
import type { Config } from '../../../src/model/config.ts';
import type { HttpMatch, HttpRoute } from '../../../src/model/route.ts';
import { configFrom } from '../../translate/config.ts';

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

const paths = fc.oneof(
  fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab').map((value) => ({ type: 'PathPrefix' as const, value })),
  fc.constantFrom('/a', '/a/b', '/').map((value) => ({ type: 'Exact' as const, value })),
  fc.constantFrom('/a.*', '/.*b').map((value) => ({ type: 'RegularExpression' as const, value })),
);
const header = fc.constantFrom('x', 'y').map((name) => ({ type: 'Exact' as const, name, value: '1' }));
const matches: fc.Arbitrary<HttpMatch> = fc.record({
  path: paths,
  method: fc.constantFrom(undefined, 'GET', 'POST'),
  headers: fc.uniqueArray(header, { maxLength: 2, selector: ({ name }) => name }),
  queryParams: fc.constant([]),
});
const written = fc.array(fc.array(matches, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });
const asked: fc.Arbitrary<Asked> = fc.record({
  path: fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/abc', '/a/'),
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  headers: fc.constantFrom({}, { x: '1' }, { x: '1', y: '1' }),
});

test('the first route that matches is the one that Gateway API gives precedence', () => {
  fc.assert(
    fc.property(written, asked, (routes, request) => {
      const plan = buildPlan(configOf(routes), 'edge').listeners[0]?.hosts[0]?.routes ?? [];
      expect(plan.find(({ match }) => holds(match, request))?.name).toBe(best(plan, request)?.name);
    }),
    { numRuns: 400 },
  );
});

test('the order in which routes are written changes nothing', () => {
  fc.assert(
    fc.property(written, (routes) => {
      const config = configOf(routes);
      const backwards = { ...config, httpRoutes: new Map([...config.httpRoutes].reverse()) };
      expect(buildPlan(backwards, 'edge')).toEqual(buildPlan(config, 'edge'));
    }),
    { numRuns: 100 },
  );
});

/** The rules as the specification says them, criterion by criterion, over all that match. */
function best(plan: readonly RoutePlan[], request: Asked): RoutePlan | undefined {
  const kinds = ['PathPrefix', 'RegularExpression', 'Exact'];
  const criteria: ((route: RoutePlan) => number)[] = [
    ({ match }) => kinds.indexOf(match.path.type),
    ({ match }) => match.path.value.length,
    ({ match }) => (match.method === undefined ? 0 : 1),
    ({ match }) => match.headers.length,
  ];
  let left = plan.filter(({ match }) => holds(match, request));
  for (const criterion of criteria) {
    const most = Math.max(...left.map(criterion));
    left = left.filter((route) => criterion(route) === most);
  }
  return left.toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
}

function holds({ path, method, headers }: HttpMatch, request: Asked): boolean {
  if (method !== undefined && method !== request.method) return false;
  if (headers.some(({ name, value }) => request.headers[name] !== value)) return false;
  if (path.type === 'Exact') return request.path === path.value;
  if (path.type === 'RegularExpression') return new RegExp(`^(?:${path.value})$`).test(request.path);
  const border = path.value.endsWith('/') ? path.value : `${path.value}/`;
  return request.path === path.value || request.path.startsWith(border);
}

function configOf(routes: readonly (readonly HttpMatch[])[]): Config {
  const base = configFrom('{ listeners: { web: { port: 80 } }, groups: { edge: { listeners: [web] } } }');
  const httpRoutes = routes.map((rules, index): [string, HttpRoute] => {
    const name = `r${index}`;
    const origin = { object: `httpRoutes/${name}` };
    const rest = { origin, filters: [], backends: [], timeouts: {} };
    const all = rules.map((match) => ({ ...rest, matches: [match] }));
    return [name, { name, origin, listeners: ['web'], hostnames: [], filters: [], rules: all }];
  });
  return { ...base, httpRoutes: new Map(httpRoutes) };
}
