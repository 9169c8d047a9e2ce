import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { buildPlan } from '../../src/fleet/plan.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';
import { translate } from '../../src/translate/translate.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';

const TEXT = `secrets:
  rsa: { tls: { bundle: rsa.pem } }
  ecdsa: { tls: { bundle: ecdsa.pem } }
  default-rsa: { tls: { bundle: default-rsa.pem } }
  default-ecdsa: { tls: { bundle: default-ecdsa.pem } }
listeners:
  main:
    port: 8443
    protocol: HTTPS
    tls:
      certificates:
        - { secret: rsa, hostnames: [shop.example.com, www.example.com] }
        - { secret: ecdsa, hostnames: [shop.example.com] }
        - { secret: default-rsa }
        - { secret: default-ecdsa }
groups: { edge: { listeners: [main] } }
`;

test('a name with an RSA and an ECDSA certificate is one filter chain that offers both', () => {
  const { config, problems, warnings } = parseConfig([{ path: 'a.yaml', text: TEXT }], VOCABULARY);
  expect([problems, warnings]).toEqual([[], []]);
  if (config === undefined) return;
  const plan = buildPlan(config, 'edge');
  expect(plan.listeners[0]?.chains).toEqual([
    { name: 'default', hostnames: [], secrets: ['default-ecdsa', 'default-rsa'] },
    { name: 'shop.example.com', hostnames: ['shop.example.com'], secrets: ['ecdsa', 'rsa'] },
    { name: 'www.example.com', hostnames: ['www.example.com'], secrets: ['rsa'] },
  ]);
  const proto = loadRegistry();
  const { resources, problems: refused } = translate(plan, proto, { secrets: new Set(plan.secrets) });
  expect(refused).toEqual([]);
  const listener = resources.find(({ typeUrl }) => typeUrl.endsWith('.Listener'));
  const type = 'envoy.config.listener.v3.Listener';
  const decoded = proto.decode(type, listener?.bytes ?? new Uint8Array());
  expect(proto.violations(type, decoded)).toEqual([]);
  const json = JSON.stringify(proto.toJson(type, decoded));
  expect([...json.matchAll(/"serverNames":\[[^\]]*\]/g)]).toHaveLength(2);
  expect(json.match(/"name":"(default-)?(rsa|ecdsa)"/g)).toHaveLength(5);
});
