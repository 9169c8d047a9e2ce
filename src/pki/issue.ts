import path from 'node:path';
import { MusterError } from '../errors.ts';
import type { Authority } from './authority.ts';
import { makePair, type Wanted } from './certificate.ts';
import { type PairFiles, writePair } from './files.ts';

/** For whom a certificate is; every name has been checked (`names.ts`). */
export type Subject =
  | { readonly kind: 'node'; readonly group: string; readonly node: string }
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'server'; readonly names: readonly string[]; readonly ips: readonly string[] };

export interface Order {
  readonly subject: Subject;
  readonly days: number;
  readonly now: number;
  /** The folder of the new files. */
  readonly out: string;
}

export interface Issued extends PairFiles {
  /** URI SAN, or the names of a server. */
  readonly identity: string;
  readonly notAfter: Date;
  /** The CA ends before what was asked for. */
  readonly isCut: boolean;
}

/** Signs one certificate with exactly the identity asked for, and writes it with its key. Throws MusterError. */
export async function issue(authority: Authority, { subject, days, now, out }: Order): Promise<Issued> {
  const wanted: Wanted = { ...contentOf(subject, authority.trustDomain), days, now };
  const pair = await makePair(wanted, authority);
  const files = {
    certificate: path.join(out, `${subject.kind}.pem`),
    privateKey: path.join(out, `${subject.kind}.key`),
  };
  await writePair(files, pair);
  const identity = [...(wanted.uris ?? []), ...(wanted.names ?? []), ...(wanted.ips ?? [])].join(', ');
  const isCut = pair.notAfter.getTime() < now + days * 86_400_000 - 1000;
  return { ...files, identity, notAfter: pair.notAfter, isCut };
}

/** Where the files of a subject lie below the CA's folder. */
export function folderOf(subject: Subject): string {
  switch (subject.kind) {
    case 'node':
      return path.join('nodes', subject.group, subject.node);
    case 'operator':
      return path.join('operators', subject.name);
    case 'server':
      return path.join('servers', firstNameOf(subject));
  }
}

function contentOf(
  subject: Subject,
  domain: string,
): Pick<Wanted, 'commonName' | 'use' | 'uris' | 'names' | 'ips'> {
  switch (subject.kind) {
    case 'node': {
      const uri = `spiffe://${domain}/group/${subject.group}/node/${subject.node}`;
      return { commonName: shown(subject.node), use: 'client', uris: [uri] };
    }
    case 'operator':
      return {
        commonName: shown(subject.name),
        use: 'client',
        uris: [`spiffe://${domain}/operator/${subject.name}`],
      };
    case 'server':
      return {
        commonName: shown(firstNameOf(subject)),
        use: 'server',
        names: subject.names,
        ips: subject.ips,
      };
  }
}

/** A common name has at most 64 characters; nobody decides by it. */
function shown(name: string): string {
  return name.slice(0, 64);
}

function firstNameOf({ names, ips }: Extract<Subject, { kind: 'server' }>): string {
  const first = names[0] ?? ips[0];
  if (first === undefined)
    throw new MusterError('usage', 'a server needs a name or an address: give --server or --ip');
  return first.replaceAll(':', '_');
}
