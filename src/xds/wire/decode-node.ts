import type protobuf from 'protobufjs/minimal.js';
import type { NodeInfo } from '../stream/messages.ts';
import { decodeStruct } from './decode-struct.ts';
import { internText } from './intern.ts';

type Reader = protobuf.Reader;

/**
 * Reads what is used of a Node. A real Envoy sends 61 kB, nearly all of it a list of extensions
 * (field 9): that is stepped over by its lengths, never parsed or kept.
 */
export function decodeNode(reader: Reader, end: number): NodeInfo {
  let id = '';
  let cluster = '';
  let metadata: Readonly<Record<string, unknown>> = {};
  let locality = { region: '', zone: '', subZone: '' };
  let userAgentName = '';
  let userAgentVersion = '';
  const clientFeatures: string[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        id = reader.string();
        break;
      case 18:
        cluster = internText(reader.string());
        break;
      case 26:
        metadata = decodeStruct(reader, reader.uint32() + reader.pos);
        break;
      case 34:
        locality = readLocality(reader, reader.uint32() + reader.pos);
        break;
      case 50:
        userAgentName = internText(reader.string());
        break;
      case 58:
        userAgentVersion = internText(reader.string());
        break;
      case 66:
        userAgentVersion = internText(readBuildVersion(reader, reader.uint32() + reader.pos));
        break;
      case 82:
        clientFeatures.push(internText(reader.string()));
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return { id, cluster, metadata, ...locality, userAgentName, userAgentVersion, clientFeatures };
}

function readLocality(reader: Reader, end: number): { region: string; zone: string; subZone: string } {
  const found = ['', '', ''];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10 || tag === 18 || tag === 26) found[(tag >> 3) - 1] = internText(reader.string());
    else reader.skipType(tag & 7);
  }
  const [region = '', zone = '', subZone = ''] = found;
  return { region, zone, subZone };
}

/** envoy.config.core.v3.BuildVersion: its SemanticVersion as `1.40.0`. */
function readBuildVersion(reader: Reader, end: number): string {
  let version = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) version = readSemanticVersion(reader, reader.uint32() + reader.pos);
    else reader.skipType(tag & 7);
  }
  return version;
}

function readSemanticVersion(reader: Reader, end: number): string {
  const numbers = [0, 0, 0];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8 || tag === 16 || tag === 24) numbers[(tag >> 3) - 1] = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return numbers.join('.');
}
