import { parentPort } from 'node:worker_threads';
import { openCalls } from './client.ts';
import { Listings } from './listings.ts';
import type { ToWorker } from './protocol.ts';
import { RefreshServer } from './server.ts';

/** The one thread in which the SDK is loaded and its answers are parsed. */
const port = parentPort;
if (port === null) throw new Error('this file runs in a worker thread');
const server = new RefreshServer(new Listings(openCalls), (message) => port.postMessage(message));
port.on('message', (message: ToWorker) => server.take(message));
