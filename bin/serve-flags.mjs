/**
 * V8 flags of a process that serves. A thousand nodes that connect at once make the young generation grow to 3 x 16 MB,
 * which V8 never gives back: 30 to 60 kB for each node that nothing holds. 4 MB are enough (docs/design/xds-server.md).
 * @type {readonly string[]}
 */
export const SERVE_FLAGS = ['--max-semi-space-size=4'];
