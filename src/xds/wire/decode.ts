import protobuf from 'protobufjs/minimal.js';
import type { DeltaRequest, NodeInfo, SotwRequest, StatusDetail } from '../stream/messages.ts';
import { decodeNode } from './decode-node.ts';
import { internText } from './intern.ts';
import { readNames } from './name-lists.ts';

type Reader = protobuf.Reader;

/** A request that is no DiscoveryRequest or DeltaDiscoveryRequest. */
export class MalformedRequest extends Error {
  constructor(cause: unknown) {
    super(
      `the request is not a discovery request: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = 'MalformedRequest';
  }
}

/** Throws MalformedRequest. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  return guarded(bytes, readSotw);
}

/** Throws MalformedRequest. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  return guarded(bytes, readDelta);
}

function guarded<Request>(bytes: Uint8Array, read: (reader: Reader) => Request): Request {
  try {
    return read(protobuf.Reader.create(bytes));
  } catch (error) {
    throw new MalformedRequest(error);
  }
}

type NameRuns = (readonly string[])[];
const NO_NAMES: readonly string[] = [];

function readSotw(reader: Reader): SotwRequest {
  let node: NodeInfo | undefined;
  let versionInfo = '';
  let typeUrl = '';
  let responseNonce = '';
  let error: StatusDetail | undefined;
  const resourceNames: NameRuns = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        versionInfo = reader.string();
        break;
      case 18:
        node = decodeNode(reader, reader.uint32() + reader.pos);
        break;
      case 26:
        resourceNames.push(readNames(reader));
        break;
      case 34:
        typeUrl = internText(reader.string());
        break;
      case 42:
        responseNonce = reader.string();
        break;
      case 50:
        error = readStatus(reader, reader.uint32() + reader.pos);
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return {
    kind: 'sotw',
    node,
    versionInfo,
    resourceNames: joined(resourceNames),
    typeUrl,
    responseNonce,
    error,
  };
}

/** Entries of a repeated field may stand apart: joined once, at the end, whatever a client makes of that. */
function joined(runs: NameRuns): readonly string[] {
  const [only = NO_NAMES] = runs;
  return runs.length > 1 ? runs.flat() : only;
}

const NO_VERSIONS: ReadonlyMap<string, string> = new Map();

function readDelta(reader: Reader): DeltaRequest {
  let node: NodeInfo | undefined;
  let typeUrl = '';
  let responseNonce = '';
  let error: StatusDetail | undefined;
  let initialVersions: Map<string, string> | undefined;
  const subscribe: NameRuns = [];
  const unsubscribe: NameRuns = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        node = decodeNode(reader, reader.uint32() + reader.pos);
        break;
      case 18:
        typeUrl = internText(reader.string());
        break;
      case 26:
        subscribe.push(readNames(reader));
        break;
      case 34:
        unsubscribe.push(readNames(reader));
        break;
      case 42: {
        initialVersions ??= new Map();
        const [name, version] = readEntry(reader, reader.uint32() + reader.pos);
        initialVersions.set(name, version);
        break;
      }
      case 50:
        responseNonce = reader.string();
        break;
      case 58:
        error = readStatus(reader, reader.uint32() + reader.pos);
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  const versions = initialVersions ?? NO_VERSIONS;
  return {
    kind: 'delta',
    node,
    typeUrl,
    responseNonce,
    error,
    subscribe: joined(subscribe),
    unsubscribe: joined(unsubscribe),
    initialVersions: versions,
  };
}

function readStatus(reader: Reader, end: number): StatusDetail {
  let code = 0;
  let message = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) code = reader.int32();
    else if (tag === 18) message = reader.string();
    else reader.skipType(tag & 7);
  }
  return { code, message };
}

function readEntry(reader: Reader, end: number): [string, string] {
  let key = '';
  let value = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = reader.string();
    else reader.skipType(tag & 7);
  }
  return [key, value];
}
