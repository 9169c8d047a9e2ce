/**
 * Writes `added/` and `patches/` anew from the descriptors that an Envoy binary carries in itself:
 *   node protos/update.ts PATH/TO/envoy
 * Field numbers thus come from the very program that will read them. See README.md.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildBundle } from '../src/xds/proto/build-bundle.ts';
import { Decoders } from '../src/xds/proto/decode.ts';
import { filePatch, isMoved } from './update/diff-proto.ts';
import { findDescriptors } from './update/find-descriptors.ts';
import { type FileProto, fileText } from './update/print-proto.ts';

const HERE = import.meta.dirname;
const KEPT_BY_HAND = new Set(['validate/validate.proto']);
const NOT_WANTED =
  /^(google\/|src\/|source\/|test\/|contrib\/|udpa\/|validate\/|envoy\/annotations\/|xds\/annotations\/)|\/v2(alpha\d*)?\//;

const binary = process.argv[2];
if (binary === undefined) throw new Error('usage: node protos/update.ts PATH/TO/envoy');

for (const folder of ['added', 'patches'])
  for (const part of ['envoy', 'xds', 'opentelemetry', 'cel', 'io'])
    rmSync(join(HERE, folder, part), { recursive: true, force: true });

const bundle = buildBundle(dirname(HERE));
const decoders = new Decoders(bundle);
const raw = findDescriptors(readFileSync(binary));
// The shape of google.protobuf.FileDescriptorProto, decoded by that very descriptor.
const files = new Map(
  [...raw].map(([name, bytes]) => [
    name,
    decoders.decode('google.protobuf.FileDescriptorProto', bytes) as unknown as FileProto,
  ]),
);

function write(folder: string, name: string, text: string): void {
  const path = join(HERE, folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Files nobody but an added file needs (opentelemetry, cel) are written only when one imports them. */
function wanted(name: string, seen: Set<string>): void {
  const file = files.get(name);
  if (file === undefined || seen.has(name) || NOT_WANTED.test(name) || KEPT_BY_HAND.has(name)) return;
  seen.add(name);
  for (const imported of file.dependency ?? []) wanted(imported, seen);
}

const names = new Set<string>();
for (const name of [...files.keys()].sort()) if (/^(envoy|xds)\//.test(name)) wanted(name, names);
let added = 0;
let patched = 0;
for (const name of [...names].sort()) {
  const file = files.get(name);
  if (file === undefined) continue;
  const known = (file.messageType ?? []).some(
    (message) => bundle.messages[`${file.package}.${message.name}`] !== undefined,
  );
  const patch = known && !isMoved(bundle, file);
  const text = patch ? filePatch(bundle, file) : fileText(bundle, file);
  if (text === undefined) continue;
  write(patch ? 'patches' : 'added', name, text);
  if (patch) patched++;
  else added++;
}
console.log(`${added} files added, ${patched} patched`);
