import {
  Client,
  type ClientDuplexStream,
  credentials,
  type Metadata,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadRegistry } from '../../src/xds/proto/registry.ts';

/** A DiscoveryResponse or DeltaDiscoveryResponse, flattened to what tests look at. */
export interface RawResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly versionInfo: string;
  readonly systemVersionInfo: string;
  /** Names: of the Resource wrapper on delta, decoded from the message on SotW. */
  readonly names: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly resources: readonly { readonly typeUrl: string; readonly value: Uint8Array }[];
  readonly controlPlane: string;
}

export interface RawStream {
  send(request: object): void;
  sendBytes(bytes: Uint8Array): void;
  /** The next response in order; rejects when the stream ends first. */
  next(): Promise<RawResponse>;
  /** Responses that came and were not taken by `next`. */
  readonly waiting: number;
  halfClose(): void;
  cancel(): void;
  /** Stops or resumes reading, so that flow control reaches the server. */
  pause(): void;
  resume(): void;
  readonly status: Promise<StatusObject>;
}

export interface RawClient {
  stream(path: string, metadata?: Metadata): RawStream;
  close(): void;
}

const DISCOVERY = 'envoy.service.discovery.v3.';
const pass = (bytes: Buffer): Buffer => bytes;

export function rawClient(
  port: number,
  secure = credentials.createInsecure(),
  options: object = {},
): RawClient {
  const client = new Client(`127.0.0.1:${port}`, secure, { 'grpc.use_local_subchannel_pool': 1, ...options });
  return {
    stream: (path, metadata) => {
      const call =
        metadata === undefined
          ? client.makeBidiStreamRequest(path, pass, pass)
          : client.makeBidiStreamRequest(path, pass, pass, metadata);
      return rawStream(call, path.includes('/Delta'));
    },
    close: () => client.close(),
  };
}

function rawStream(call: ClientDuplexStream<Buffer, Buffer>, delta: boolean): RawStream {
  const registry = loadRegistry();
  const request = `${DISCOVERY}${delta ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest'}`;
  const arrived: RawResponse[] = [];
  const wanted: { resolve: (r: RawResponse) => void; reject: (e: Error) => void }[] = [];
  let ended: StatusObject | undefined;
  const gone = (status: StatusObject): Error =>
    new Error(`the stream ended first: ${status.code} ${status.details}`);
  call.on('data', (bytes: Buffer) => {
    const response = readResponse(bytes, delta);
    const first = wanted.shift();
    if (first === undefined) arrived.push(response);
    else first.resolve(response);
  });
  call.on('error', () => {}); // the status event says the same
  const status = new Promise<StatusObject>((resolve) => {
    call.on('status', (value: StatusObject) => {
      ended = value;
      for (const { reject } of wanted.splice(0)) reject(gone(value));
      resolve(value);
    });
  });
  return {
    send: (message) => call.write(Buffer.from(registry.encode(request, message))),
    sendBytes: (bytes) => call.write(Buffer.from(bytes)),
    next: () => {
      const first = arrived.shift();
      if (first !== undefined) return Promise.resolve(first);
      if (ended !== undefined) return Promise.reject(gone(ended));
      return new Promise((resolve, reject) => wanted.push({ resolve, reject }));
    },
    get waiting() {
      return arrived.length;
    },
    halfClose: () => call.end(),
    cancel: () => call.cancel(),
    pause: () => call.pause(),
    resume: () => call.resume(),
    status,
  };
}

interface AnyShape {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

interface DecodedResponse {
  readonly typeUrl?: string;
  readonly nonce?: string;
  readonly versionInfo?: string;
  readonly systemVersionInfo?: string;
  readonly controlPlane?: { readonly identifier?: string };
  readonly removedResources?: readonly string[];
  readonly resources?: readonly unknown[];
}

function readResponse(bytes: Buffer, delta: boolean): RawResponse {
  const type = `${DISCOVERY}${delta ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse'}`;
  // The registry decodes by descriptor: its type is as wide as all messages.
  const message = loadRegistry().decode(type, bytes) as DecodedResponse;
  const entries = (message.resources ?? []).map((entry) => (delta ? readDelta(entry) : readSotw(entry)));
  return {
    typeUrl: message.typeUrl ?? '',
    nonce: message.nonce ?? '',
    versionInfo: message.versionInfo ?? '',
    systemVersionInfo: message.systemVersionInfo ?? '',
    names: entries.map(({ name }) => name),
    versions: Object.fromEntries(entries.map(({ name, version }) => [name, version])),
    removed: message.removedResources ?? [],
    resources: entries.map(({ any }) => any),
    controlPlane: message.controlPlane?.identifier ?? '',
  };
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly any: AnyShape;
}

function readDelta(entry: unknown): Entry {
  const { name, version, resource } = entry as { name: string; version?: string; resource: AnyShape };
  return { name, version: version ?? '', any: resource };
}

/** Every type has its name in field 1, so the first field of the message is the name. */
function readSotw(entry: unknown): Entry {
  const any = entry as AnyShape;
  const length = any.value[1] ?? 0;
  return { name: Buffer.from(any.value.subarray(2, 2 + length)).toString(), version: '', any };
}
