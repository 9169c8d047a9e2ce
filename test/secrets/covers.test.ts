import { expect, test } from 'vitest';
import { uncovered } from '../../src/secrets/covers.ts';

test.for([
  [['shop.example.com'], 'shop.example.com', true],
  [['SHOP.example.com'], 'shop.Example.com', true],
  [['*.example.com'], 'shop.example.com', true],
  [['*.example.com'], 'a.shop.example.com', false],
  [['*.example.com'], 'example.com', false],
  [['*.example.com'], '*.example.com', true],
  [['shop.example.com'], '*.example.com', false],
  [['*.com'], '*.example.com', false],
  [[], 'shop.example.com', false],
  [['other.example.com'], '*', true],
  [['*'], 'localhost', false],
] as const)('%j covers %s: %s', ([names, hostname, covered]) => {
  expect(uncovered(names, [hostname])).toEqual(covered ? [] : [hostname]);
});
