import { systemClock } from '../../clock.ts';
import { FolderWatch } from '../../files/watch-paths.ts';
import { Poller } from '../poll.ts';
import { createNameResolver } from '../resolve.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { Folder } from './folder.ts';
import { ResolvedReports } from './hostnames.ts';
import { FILE_SERVICE_LABEL } from './instances.ts';
import { WatchedNames } from './names.ts';
import { type FileSourceOptions, fileSourceOptions } from './schema.ts';

/** Events come in bursts: a rename is two, a save up to five. */
const GATHER_MS = 10;
/** How long one DNS server is waited for, twice. */
const DNS_TIMEOUT_MS = 2000;

/** Endpoints from files, each file one scope (SRC13). */
export const fileSource: SourceAdapter<FileSourceOptions> = {
  kind: 'file',
  schema: fileSourceOptions,
  serviceLabel: FILE_SERVICE_LABEL,
  trustsAddresses: true,
  create: createFileSource,
};

function createFileSource(options: FileSourceOptions, context: SourceContext): Source {
  return { watch: (signal) => watchFiles(options, context, signal) };
}

async function* watchFiles(
  options: FileSourceOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  if (signal.aborted) return;
  const folder = new Folder(options, context);
  const poller = new Poller({
    refresh: () => folder.scan(),
    intervalMs: options.reread,
    again: (seen) => seen.againMs,
  });
  let cancelGather: (() => void) | undefined;
  const wakeSoon = (): void => {
    cancelGather ??= systemClock.after(GATHER_MS, () => {
      cancelGather = undefined;
      poller.wake();
    });
  };
  const watch = new FolderWatch(wakeSoon);
  folder.onFolders = (folders) => watch.set(folders);
  const names = options.hostnames === 'resolve' ? watchedNames(options, context, wakeSoon) : undefined;
  const resolved = names === undefined ? undefined : new ResolvedReports(names);
  const round = new FirstRound();
  try {
    for await (const result of poller.results(signal)) {
      const { reports, isWaiting } =
        result.kind === 'value' ? result.value : { reports: folder.failure(result.error), isWaiting: false };
      const told = resolved?.next(reports) ?? reports;
      yield* round.mark(told, isWaiting || resolved?.isWaiting === true);
    }
  } finally {
    cancelGather?.();
    watch.close();
    await names?.close();
  }
}

/** Says of the reports of the first round, but of its last, that there are more to come. */
class FirstRound {
  #isOver = false;

  mark(reports: readonly ScopeReport[], isWaiting: boolean): readonly ScopeReport[] {
    if (this.#isOver || reports.length === 0) return reports;
    this.#isOver = !isWaiting;
    return reports.map((report, n) =>
      isWaiting || n < reports.length - 1 ? { ...report, more: true } : report,
    );
  }
}

function watchedNames(
  { nameservers }: FileSourceOptions,
  context: SourceContext,
  changed: () => void,
): WatchedNames {
  return new WatchedNames({
    resolver: createNameResolver({ nameservers, timeoutMs: DNS_TIMEOUT_MS }),
    deadlineMs: DNS_TIMEOUT_MS * 3,
    changed,
    clock: context.clock,
    random: context.random,
  });
}
