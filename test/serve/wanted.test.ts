import { expect, test } from 'vitest';
import type { Config } from '../../src/model/config.ts';
import { WantedServices } from '../../src/serve/wanted.ts';
import { configOf, service, source } from '../fleet/fixtures.ts';

const config = (services: readonly ReturnType<typeof service>[]): Config =>
  configOf({ sources: [source('dc'), source('twin')], services });

const signal = new AbortController().signal;

test('the services that are named of the sources of one watch', () => {
  const wanted = new WantedServices();
  wanted.follow(config([service('a', ['dc']), service('b', ['twin']), service('c', ['other'])]));
  expect(wanted.of(() => ['dc']).current()).toEqual(new Set(['a']));
  expect(wanted.of(() => ['dc', 'twin']).current()).toEqual(new Set(['a', 'b']));
  expect(wanted.of(() => ['unused']).current()).toEqual(new Set());
});

test('any, where one takes from the source whatever meets its conditions', () => {
  const wanted = new WantedServices();
  const from = service('a', ['dc']).from.map((one) => ({ ...one, service: undefined }));
  wanted.follow(config([service('a', [], { from }), service('b', ['dc'])]));
  expect(wanted.of(() => ['dc']).current()).toBeUndefined();
});

test('an edit is told where it concerns them, and no longer after the end', () => {
  const wanted = new WantedServices();
  wanted.follow(config([service('a', ['dc'])]));
  const stop = new AbortController();
  const heard: (readonly string[])[] = [];
  const dc = wanted.of(() => ['dc']);
  dc.onChange(() => heard.push([...(dc.current() ?? ['any'])]), stop.signal);
  wanted.of(() => ['twin']).onChange(() => heard.push(['twin']), signal);
  wanted.follow(config([service('a', ['dc']), service('x', [])]));
  wanted.follow(config([service('a', ['dc']), service('b', ['dc'])]));
  stop.abort();
  wanted.follow(config([]));
  expect(heard).toEqual([['a', 'b']]);
});
