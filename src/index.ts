// The package's own face: what the offline commands do, for programs. `muster/xds` is the xDS library.
export { type ErrorCode, formatProblem, MusterError, type Problem } from './errors.ts';
export {
  type ConfigSummary,
  configSchema,
  type RenderRequest,
  renderGroup,
  validateConfig,
} from './offline.ts';
