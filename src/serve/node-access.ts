import { type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { XdsServer } from '../xds/server/server.ts';
import type { XdsTls } from '../xds/server/tls.ts';
import { type AuditFile, openAuditFile } from './audit-file.ts';
import { DenylistFile } from './denylist-file.ts';
import { NodeTls } from './node-tls.ts';

type AccessSettings = Pick<Settings, 'nodeTls' | 'nodeDenylist' | 'operators' | 'auditFile'>;

/** What of the settings decides who gets in at the node port, kept up to date from its files. */
export interface NodeAccess {
  readonly tls: XdsTls | undefined;
  readonly denylist: DenylistFile | undefined;
  readonly operators: ReadonlySet<string>;
  /** Audit lines go to each. */
  readonly auditLoggers: readonly Logger[];
  /** By file: 1 while its newest content is in force. */
  filesOk(): ReadonlyMap<string, number>;
  /** Epoch seconds. */
  tlsExpiry(): number | undefined;
  /** From now on changes of the files act on this server. */
  follow(server: XdsServer): void;
  close(): Promise<void>;
}

/** Throws MusterError where a file that is set cannot be used: nobody is let in by mistake. */
export async function openNodeAccess(settings: AccessSettings, logger: Logger): Promise<NodeAccess> {
  const own = settings.nodeTls === undefined ? undefined : new NodeTls(settings.nodeTls, logger);
  const tls = await own?.load();
  const denylist =
    settings.nodeDenylist === undefined ? undefined : new DenylistFile(settings.nodeDenylist, logger);
  await denylist?.load();
  const file = await auditFileOf(settings, logger);
  return {
    tls,
    denylist,
    operators: new Set(settings.operators),
    auditLoggers: file === undefined ? [logger] : [logger, pino({}, file)],
    filesOk: () => okByFile({ certificate: own, denylist }),
    tlsExpiry: () => (own?.notAfter === undefined ? undefined : own.notAfter / 1000),
    follow(server) {
      own?.follow((next) => server.reloadTls(next));
      denylist?.follow(() => server.expel((peer) => denylist.refuse(peer)));
    },
    async close() {
      await Promise.all([own?.close(), denylist?.close()]);
      await file?.close();
    },
  };
}

async function auditFileOf({ auditFile }: AccessSettings, logger: Logger): Promise<AuditFile | undefined> {
  if (auditFile === undefined) return undefined;
  return openAuditFile(auditFile, (problem) =>
    logger.error({ problem }, 'the audit file cannot be written; audit lines go to standard output alone'),
  );
}

function okByFile(files: Readonly<Record<string, { readonly problem: string | undefined } | undefined>>) {
  const known = Object.entries(files).flatMap(([name, file]): [string, number][] =>
    file === undefined ? [] : [[name, file.problem === undefined ? 1 : 0]],
  );
  return new Map(known);
}
