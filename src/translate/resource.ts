import { hash } from 'node:crypto';
import type { Origin } from '../model/origin.ts';
import type { Message, Proto } from './proto.ts';

/** One Envoy resource, and what the build has to know of it to keep a snapshot consistent. */
export interface TranslatedResource {
  readonly typeUrl: string;
  /** The user's own name: cluster = service, listener and route configuration = listener, secret = secret. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Content hash of the bytes (128 bits, hex); for a secret what the caller gave. */
  readonly version: string;
  /** The user's objects it came from, the one it is named for first. */
  readonly origins: readonly Origin[];
  /** Names of other resources that it needs, sorted. */
  readonly needs: References;
  /** The clusters among them, sorted: for make before break. */
  readonly clusters: readonly string[];
}

export interface References {
  readonly clusters: readonly string[];
  /** ClusterLoadAssignments. */
  readonly endpoints: readonly string[];
  readonly routes: readonly string[];
  readonly secrets: readonly string[];
}

/** Something that only a build can see. The object is isolated, the rest ships. */
export interface BuildProblem {
  readonly origin: Origin;
  /** Where in the object, as far as it is known: `rules[0]`, or a path in the Envoy message. */
  readonly path: string;
  /** What is wrong, and what is served instead. */
  readonly message: string;
}

const NONE: readonly string[] = [];
export const NO_REFERENCES: References = { clusters: NONE, endpoints: NONE, routes: NONE, secrets: NONE };

interface ResourceParts {
  readonly type: string;
  readonly name: string;
  readonly message: Message;
  readonly origins: readonly Origin[];
  readonly needs?: Partial<References>;
}

export function makeResource(proto: Proto, parts: ResourceParts): TranslatedResource {
  const bytes = proto.encode(parts.type, parts.message);
  return fromBytes(bytes, parts);
}

export function fromBytes(bytes: Uint8Array, parts: Omit<ResourceParts, 'message'>): TranslatedResource {
  const { type, name, origins } = parts;
  const needs = parts.needs === undefined ? NO_REFERENCES : allReferences(parts.needs);
  const version = contentHash(bytes);
  return { typeUrl: typeUrlOf(type), name, bytes, version, origins, needs, clusters: needs.clusters };
}

function allReferences(needs: Partial<References>): References {
  const { clusters = NONE, endpoints = NONE, routes = NONE, secrets = NONE } = needs;
  return { clusters, endpoints, routes, secrets };
}

/** One text for each type: thousands of resources are looked up by it. */
const typeUrls = new Map<string, string>();

function typeUrlOf(type: string): string {
  const known = typeUrls.get(type);
  if (known !== undefined) return known;
  const made = `type.googleapis.com/${type}`;
  typeUrls.set(type, made);
  return made;
}

/** 128 bits of SHA-256: replicas that build the same bytes give them the same version (rule A6). */
export function contentHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
