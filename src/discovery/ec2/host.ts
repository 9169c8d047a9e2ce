import { Worker } from 'node:worker_threads';
import type { Instance } from '../../model/instance.ts';
import type { Done, FromWorker, RefreshRequest, ToWorker } from './protocol.ts';
import { createTextPool } from './text-pool.ts';

/** Compiled and uncompiled code name the file differently. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
/** A worker that grows beyond this ends alone, and the process lives on. */
const MOST_HEAP_MB = 2048;
/** Parsing makes much that dies at once; a small nursery keeps the process small. */
const NURSERY_MB = 16;

export interface Refreshed extends Omit<Done, 'kind' | 'call'> {
  readonly set: readonly Instance[];
}

/** One watch's use of the worker, which runs as long as anyone uses it. */
export interface Lease {
  /** A number for `RefreshRequest.watch`. */
  readonly watch: number;
  refresh(request: RefreshRequest, signal: AbortSignal): Promise<Refreshed>;
  close(): Promise<void>;
}

/** Whoever answers refreshes: the worker, or in tests the same code without a thread. */
export interface Host {
  lease(): Lease;
}

interface Pending {
  readonly set: Instance[];
  readonly resolve: (refreshed: Refreshed) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's side of the one worker for all EC2 sources of the process. */
export class WorkerHost implements Host {
  #worker: Worker | undefined;
  #leases = 0;
  #lastWatch = 0;
  #lastCall = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #pooled = createTextPool();
  readonly #file: URL;

  constructor(file: URL = WORKER) {
    this.#file = file;
  }

  lease(): Lease {
    this.#leases += 1;
    this.#lastWatch += 1;
    const watch = this.#lastWatch;
    return {
      watch,
      refresh: (request, signal) => this.#refresh(request, signal),
      close: async () => {
        this.#leases -= 1;
        if (this.#leases === 0) await this.#end();
        else this.#worker?.postMessage({ kind: 'forget', watch } satisfies ToWorker);
      },
    };
  }

  #refresh(request: RefreshRequest, signal: AbortSignal): Promise<Refreshed> {
    signal.throwIfAborted();
    const worker = this.#worker ?? this.#start();
    this.#lastCall += 1;
    const call = this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<Refreshed>();
    this.#pending.set(call, { set: [], resolve, reject });
    const cancel = (): void => {
      worker.postMessage({ kind: 'cancel', call } satisfies ToWorker);
      reject(signal.reason);
    };
    signal.addEventListener('abort', cancel, { once: true });
    worker.postMessage({ kind: 'refresh', call, request } satisfies ToWorker);
    return promise.finally(() => {
      signal.removeEventListener('abort', cancel);
      this.#pending.delete(call);
    });
  }

  #start(): Worker {
    const limits = { maxOldGenerationSizeMb: MOST_HEAP_MB, maxYoungGenerationSizeMb: NURSERY_MB };
    const worker = new Worker(this.#file, { name: 'muster-ec2', resourceLimits: limits });
    let fault: unknown;
    worker.on('message', (message: FromWorker) => this.#take(worker, message));
    worker.on('error', (error) => {
      fault = error;
    });
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#lost(fault, code);
    });
    this.#worker = worker;
    return worker;
  }

  #take(worker: Worker, message: FromWorker): void {
    const pending = this.#pending.get(message.call);
    if (pending === undefined) return;
    switch (message.kind) {
      case 'chunk':
        for (const instance of message.instances) {
          poolTexts(instance.labels, this.#pooled);
          pending.set.push(instance);
        }
        // In a later turn, so that streams get theirs in between.
        setImmediate(() => worker.postMessage({ kind: 'next', call: message.call } satisfies ToWorker));
        break;
      case 'done': {
        const { version, full, removed, terminated } = message;
        pending.resolve({ version, full, removed, terminated, set: pending.set });
        break;
      }
      case 'failed':
        pending.reject(new Error(message.message));
        break;
    }
  }

  /** The next refresh starts another. */
  #lost(cause: unknown, code: number): void {
    this.#worker = undefined;
    const error = new Error(`the thread that reads EC2 ended (exit ${code}); it is started again`, { cause });
    for (const { reject } of [...this.#pending.values()]) reject(error);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

/** Each message brings copies of its own of what thousands of instances have in common. */
function poolTexts(labels: Record<string, string>, pooled: (text: string) => string): void {
  for (const [label, text] of Object.entries(labels)) labels[label] = pooled(text);
}
