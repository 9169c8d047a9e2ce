import type { Logger } from 'pino';
import { errorText, MusterError } from '../errors.ts';
import { readRegularFile } from '../files/regular-file.ts';
import type { Peer } from '../xds/server/peer.ts';
import type { StreamRefusal } from '../xds/stream/stream.ts';
import { type Denylist, EMPTY_DENYLIST, isDenied, parseDenylist } from './denylist.ts';
import { FileFollower } from './file-follower.ts';

const MAX_BYTES = 16 * 1024 * 1024;
/** A revoked node is out within 5 s, watch or no watch. */
const INTERVAL_MS = 2000;

const REVOKED: StreamRefusal = {
  code: 'PERMISSION_DENIED',
  message: 'This certificate is on the denylist: it was revoked.',
};

/** The denylist that is in force: the last one that could be read whole. */
export class DenylistFile {
  readonly #path: string;
  readonly #logger: Logger;
  #list: Denylist = EMPTY_DENYLIST;
  #stamp = '';
  #problem: string | undefined;
  #follower: FileFollower | undefined;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** Why the newest content is not in force; undefined: it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  refuse(peer: Peer): StreamRefusal | undefined {
    return isDenied(this.#list, peer) ? REVOKED : undefined;
  }

  /** Throws MusterError: a replica that does not know who is revoked does not start. */
  async load(): Promise<void> {
    await this.#read().catch((cause: unknown) => {
      throw new MusterError('settings_invalid', `nodeDenylist: ${errorText(cause)}`, { cause });
    });
  }

  /** Tells of each new list, until closed. */
  follow(changed: () => void): void {
    const look = (): Promise<boolean> => this.#look(changed);
    this.#follower = new FileFollower({ paths: [this.#path], intervalMs: INTERVAL_MS, look });
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }

  async #look(changed: () => void): Promise<boolean> {
    try {
      const news = await this.#read();
      if (this.#problem !== undefined) this.#logger.info('the denylist can be read again');
      this.#problem = undefined;
      if (news) changed();
    } catch (error) {
      const problem = errorText(error);
      if (problem !== this.#problem) {
        this.#logger.error({ problem }, 'the denylist cannot be used; the last good one stays in force');
      }
      this.#problem = problem;
    }
    return this.#problem === undefined;
  }

  /** True when it is another than before. */
  async #read(): Promise<boolean> {
    const { bytes, stamp } = await readRegularFile(this.#path, { maxBytes: MAX_BYTES });
    if (stamp === this.#stamp) return false;
    const parsed = parseDenylist(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if ('problem' in parsed) throw new MusterError('settings_invalid', `${this.#path}: ${parsed.problem}`);
    this.#list = parsed.list;
    this.#stamp = stamp;
    return true;
  }
}
