import { expect, test } from 'vitest';
import { type Shape, type Wanted, XmlReader } from '../../../src/discovery/ec2/xml.ts';

const SHAPE: Shape = {
  token: 'token',
  set: {
    as: 'set',
    items: {
      id: 'id',
      more: { as: 'more', shape: { name: 'name' } },
      tags: { as: 'tags', items: { key: 'key' } },
    },
  },
};

const WHOLE = `<?xml version="1.0" encoding="UTF-8"?>
<R xmlns="http://example.com/?a=1&amp;b=2">
  <requestId>r</requestId>
  <other><set><item><id>no</id></item></set><set/></other>
  <set>
    <item><id>1</id><skip><id>no</id><deep a="x > y"/></skip><more><name> a &lt;b&gt; &amp;amp; &#10;&#x1F600; </name></more></item>
    <item><id/><tags><item><key>k</key></item><item><key>l</key></item></tags></item>
    <!-- <item> -->
  </set>
  <token>t</token>
</R>
`;

function read(text: string, size = text.length, onItem?: (item: Wanted) => void): Wanted {
  const reader = new XmlReader('R', SHAPE, onItem);
  for (let at = 0; at < text.length; at += size) reader.write(text.slice(at, at + size));
  return reader.end();
}

const ITEMS = [
  { id: '1', more: { name: ' a <b> &amp; \n😀 ' } },
  { id: '', tags: [{ key: 'k' }, { key: 'l' }] },
];

test.each([1, 2, 3, 7, 50, 10_000])('what is wanted is read, in chunks of %i characters', (size) => {
  expect(read(WHOLE, size)).toEqual({ token: 't', set: ITEMS });
});

test('items are handed out when complete, and not kept', () => {
  const items: Wanted[] = [];
  expect(read(WHOLE, 10, (item) => items.push(item))).toEqual({ token: 't', set: [] });
  expect(items).toEqual(ITEMS);
});

test('cut off anywhere before its last tag it is an error', () => {
  const end = WHOLE.indexOf('</R>');
  for (let length = 0; length < end + 4; length += 1)
    expect(() => read(WHOLE.slice(0, length) || ' ')).toThrow();
});

test.each([
  ['', /is empty/],
  ['{"a": 1}', /not the one of EC2/],
  ['<html><body></body></html>', /HTML/],
  ['<!DOCTYPE html><html></html>', /HTML/],
  ['<S></S>', /not the one of EC2/],
  ['<R><token>a</set></R>', /closes <set> where <token> is open/],
  ['<R><set><item></set></R>', /closes <set>/],
  ['<R><token>a<b/></token></R>', /where text belongs/],
  ['<R><!ENTITY a "b"></R>', /declaration/],
  ['<R><token><![CDATA[a]]></token></R>', /declaration/],
  ['<R></R><R></R>', /not the one of EC2/],
])('%s is refused', (text, words) => {
  expect(() => read(text)).toThrow(words);
});
