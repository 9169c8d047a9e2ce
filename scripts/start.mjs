// `npm start`: sets everything up, then runs the quickstart until Ctrl-C.
import { setUp } from './setup.mjs';

await setUp();
const { runQuickstart } = await import('./quickstart/run.ts');
process.exitCode = await runQuickstart(process.argv.slice(2));
