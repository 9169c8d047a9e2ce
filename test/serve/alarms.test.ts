import { pino } from 'pino';
import { expect, test } from 'vitest';
import { World } from '../../src/fleet/world.ts';
import { Alarms } from '../../src/serve/alarms.ts';
import { complete, configOf, failure, instances, service, source, sourceKinds } from '../fleet/fixtures.ts';

function alarmed() {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
  const world = new World();
  world.configure(configOf({ sources: [source('dc')], services: [service('a', ['dc'])] }), sourceKinds);
  world.put('dc', complete('eu', instances('a', [1, 2, 3])), 0);
  const alarms = new Alarms(world, logger);
  const said = (): readonly string[] => {
    alarms.check(['dc'], []);
    return lines.splice(0).map((line) => {
      const { level, msg, scope, service: of } = JSON.parse(line);
      return `${level} ${of ?? scope}: ${msg.split(/[:;]/)[0]}`;
    });
  };
  return { world, said };
}

test('FAULT8: a held scope is an alarm, said once, and so is its end', () => {
  const { world, said } = alarmed();
  expect(said()).toEqual([]);
  world.put('dc', complete('eu', []), 1);
  expect(said()).toEqual(['50 eu: most of a scope is gone without a reason']);
  expect(said()).toEqual([]);
  world.release('dc', 'eu', 2);
  expect(said()).toEqual(['30 eu: the alarm is over']);
});

test('FAULT8: so are the endpoints of a service that are held by themselves', () => {
  const { world, said } = alarmed();
  const others = instances('other', [11, 12, 13, 14, 15, 16, 17, 18]);
  world.put('dc', complete('eu', [...instances('a', [1, 2, 3]), ...others]), 1);
  world.put('dc', complete('eu', others), 2);
  expect(said()).toEqual(['50 a: most endpoints of a service are gone without a reason']);
});

test('SRC3: three missed looks are an alarm, two are not', () => {
  const { world, said } = alarmed();
  world.put('dc', failure('eu'), 1);
  world.put('dc', failure('eu'), 2);
  expect(said()).toEqual([]);
  world.put('dc', failure('eu'), 3);
  expect(said()).toEqual(['50 eu: a scope cannot be read again and again']);
  world.put('dc', { kind: 'unchanged', scope: 'eu' }, 4);
  expect(said()).toEqual(['30 eu: the alarm is over']);
});
