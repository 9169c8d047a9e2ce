import { runProcess } from './cli/index.ts';

process.exitCode = await runProcess();
