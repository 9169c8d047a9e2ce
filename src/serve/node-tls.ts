import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import { errorText, MusterError } from '../errors.ts';
import { readRegularFile } from '../files/regular-file.ts';
import { SecretBytes } from '../secret-bytes.ts';
import { parseCertificates } from '../secrets/certificates.ts';
import { type ExpiryAlarm, expiryAlarm } from '../secrets/expiry.ts';
import { checkMaterial } from '../secrets/material.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import type { XdsTls } from '../xds/server/tls.ts';
import { FileFollower } from './file-follower.ts';

type Paths = NonNullable<Settings['nodeTls']>;
type Pair = Extract<CheckedSecret, { readonly kind: 'tls' }>;

type Ca = Extract<CheckedSecret, { readonly kind: 'ca' }>;

interface Material {
  readonly tls: XdsTls;
  readonly pair: Pair;
  readonly ca: Ca;
  /** Equal for the same content: a rewrite of it is no news. */
  readonly digest: string;
  readonly warnings: readonly string[];
}

const MAX_BYTES = 1024 * 1024;
const INTERVAL_MS = 60_000;

/** The certificate of the node port and the CAs of its nodes: read, checked, followed. */
export class NodeTls {
  readonly #paths: Paths;
  readonly #logger: Logger;
  #current: Material | undefined;
  #problem: string | undefined;
  readonly #alarms = new Map<string, ExpiryAlarm>();
  #follower: FileFollower | undefined;

  constructor(paths: Paths, logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
  }

  /** Why the newest files are not what runs; undefined: they are. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Epoch milliseconds of the earliest end in the chain. */
  get notAfter(): number | undefined {
    return this.#current?.pair.notAfter;
  }

  /** Throws MusterError: without a good pair and a CA nothing is opened. */
  async load(): Promise<XdsTls> {
    try {
      const material = await this.#read();
      this.#take(material);
      return material.tls;
    } catch (cause) {
      throw new MusterError('settings_invalid', errorText(cause), { cause });
    }
  }

  /** Hands on each new good set, until closed. What `use` throws counts as bad files. */
  follow(use: (tls: XdsTls) => void): void {
    const paths = Object.values(this.#paths);
    const look = (): Promise<boolean> => this.#look(use);
    this.#follower = new FileFollower({ paths, intervalMs: INTERVAL_MS, look });
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }

  async #look(use: (tls: XdsTls) => void): Promise<boolean> {
    try {
      const material = await this.#read();
      if (material.digest !== this.#current?.digest) {
        use(material.tls);
        this.#take(material);
        this.#logger.info({ notAfter: iso(material.pair.notAfter) }, 'the node port has new certificates');
      }
      if (this.#problem !== undefined) this.#logger.info('the files of nodeTls can be used again');
      this.#problem = undefined;
    } catch (error) {
      this.#failed(errorText(error));
    }
    this.#warn();
    return this.#problem === undefined;
  }

  #failed(problem: string): void {
    if (problem !== this.#problem) {
      this.#logger.error({ problem }, 'the files of nodeTls cannot be used; the node port keeps what it has');
    }
    this.#problem = problem;
  }

  #take(material: Material): void {
    this.#current = material;
    for (const warning of material.warnings) this.#logger.warn({ warning }, 'nodeTls');
    this.#warn();
  }

  #warn(): void {
    if (this.#current === undefined) return;
    this.#warnOf('the certificate of the node port', this.#current.pair);
    this.#warnOf('a CA of the nodes (nodeTls.ca)', this.#current.ca);
  }

  /** Once for each step nearer to the end. */
  #warnOf(what: string, secret: Pair | Ca): void {
    const alarm = expiryAlarm(secret, Date.now());
    if (alarm !== (this.#alarms.get(what) ?? 'none') && alarm !== 'none') {
      const text = alarm === 'expired' ? `${what} has expired` : `${what} ends soon`;
      this.#logger[alarm === 'warn' ? 'warn' : 'error']({ notAfter: iso(secret.notAfter) }, text);
    }
    this.#alarms.set(what, alarm);
  }

  async #read(): Promise<Material> {
    const [certificate, privateKey, certificates] = await Promise.all([
      readPart('certificate', this.#paths.certificate),
      readPart('privateKey', this.#paths.privateKey),
      readPart('ca', this.#paths.ca),
    ]);
    const [own, trusted] = [
      checkMaterial('tls', { version: '', parts: { certificate, privateKey } }, Date.now()),
      checkMaterial('ca', { version: '', parts: { certificates } }, Date.now()),
    ];
    if (own.secret?.kind !== 'tls')
      throw unfit(`nodeTls.certificate ${this.#paths.certificate}`, own.problem);
    if (trusted.secret?.kind !== 'ca') throw unfit(`nodeTls.ca ${this.#paths.ca}`, trusted.problem);
    const [pair, ca] = [own.secret, trusted.secret];
    const clientCa = ca.certificates;
    if (!parseCertificates(clientCa).certificates.some((one) => one.ca)) {
      throw unfit(
        `nodeTls.ca ${this.#paths.ca}`,
        'there is no CA in it: a certificate that is none signs no node',
      );
    }
    const tls = { certificate: pair.certificateChain, privateKey: pair.privateKey.reveal(), clientCa };
    const digest = createHash('sha256').update(pair.certificateChain).update(clientCa).digest('hex');
    return { tls, pair, ca, digest, warnings: [...own.warnings, ...trusted.warnings] };
  }
}

async function readPart(name: string, path: string): Promise<SecretBytes> {
  try {
    return new SecretBytes((await readRegularFile(path, { maxBytes: MAX_BYTES })).bytes);
  } catch (cause) {
    throw new MusterError('settings_invalid', `nodeTls.${name}: ${errorText(cause)}`, { cause });
  }
}

function unfit(where: string, problem: string | undefined): MusterError {
  return new MusterError('settings_invalid', `${where}: ${problem ?? 'cannot be used'}`);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
