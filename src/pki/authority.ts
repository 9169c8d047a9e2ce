import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorText, MusterError } from '../errors.ts';
import { importSigningKey, makePair, type Signer, signerCertificate } from './certificate.ts';
import { type PairFiles, writePair } from './files.ts';

/** The small CA of a fleet, in a folder. */
export interface Authority extends Signer {
  /** Of its URI SAN: what `init` was told. */
  readonly trustDomain: string;
  readonly file: string;
}

export interface AuthorityWanted {
  readonly dir: string;
  readonly trustDomain: string;
  readonly days: number;
  readonly now: number;
}

export function authorityFiles(dir: string): PairFiles {
  return { certificate: path.join(dir, 'ca.pem'), privateKey: path.join(dir, 'ca.key') };
}

/** Makes a CA in a folder that has none. */
export async function createAuthority({ dir, trustDomain, days, now }: AuthorityWanted): Promise<PairFiles> {
  const made = new Date(now).toISOString().slice(0, 10);
  const commonName = `muster CA ${made} of ${trustDomain}`.slice(0, 64);
  const uris = [`spiffe://${trustDomain}`];
  const files = authorityFiles(dir);
  await writePair(files, await makePair({ commonName, uris, use: 'ca', days, now }));
  return files;
}

/** Throws MusterError where the folder has no CA that can sign now. */
export async function openAuthority(dir: string, now: number): Promise<Authority> {
  const files = authorityFiles(dir);
  const certificate = readCertificate(await read(files.certificate, dir), files.certificate);
  const key = readKey(await read(files.privateKey, dir), files.privateKey);
  if (!certificate.checkPrivateKey(key)) {
    throw failed(`${files.privateKey} is not the key of ${files.certificate}: they are from two CAs`);
  }
  if (certificate.validToDate.getTime() <= now) {
    const on = certificate.validToDate.toISOString();
    throw failed(
      `${files.certificate} expired on ${on}: make a new CA in another folder with "muster pki init"`,
    );
  }
  const trustDomain = /^URI:spiffe:\/\/([a-z0-9._-]+)$/.exec(certificate.subjectAltName ?? '')?.[1];
  if (!certificate.ca || trustDomain === undefined) {
    throw failed(
      `${files.certificate} is no CA of "muster pki init": it must be a CA with one URI SAN spiffe://<trust domain>`,
    );
  }
  const signingKey = await importSigningKey(key.export({ format: 'der', type: 'pkcs8' })).catch(() => {
    throw failed(
      `${files.privateKey} is no P-256 key: "muster pki issue" signs for CAs of "muster pki init"`,
    );
  });
  return {
    certificate: signerCertificate(certificate.raw),
    key: signingKey,
    trustDomain,
    file: files.certificate,
  };
}

async function read(file: string, dir: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const hint = `is there a CA in ${dir}? "muster pki init --dir ${dir}" makes one`;
    throw new MusterError('pki_failed', `${errorText(cause)}; ${hint}`, { cause });
  }
}

function readCertificate(bytes: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw failed(`${file} holds no certificate that can be read`);
  }
}

/** The cause is left behind: it may quote what it could not parse. */
function readKey(bytes: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch {
    throw failed(`${file} holds no private key that can be read without a password`);
  }
}

function failed(text: string): MusterError {
  return new MusterError('pki_failed', text);
}
