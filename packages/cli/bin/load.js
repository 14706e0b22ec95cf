'use strict'
// Keeps what was compiled, and the types that were stripped, for the next command: it starts in half the time.
require('node:module').enableCompileCache()

// Files pass through as bytes outside of V8's heap. By itself V8 collects everything, on all processors, for each 64 MB of
// them that were made, however few are left: a third of the processor time of an import. So they count as its heap does.
// Only where V8 knows the flag; another one would say on stderr that it does not.
if (/^13\./.test(process.versions.v8)) {
  require('node:v8').setFlagsFromString('--external-memory-accounted-in-global-limit')
}

// Node 22 and 24 announce type stripping and node:sqlite as experimental: nothing a user of errand can act on.
const emitWarning = process.emitWarning
process.emitWarning = (warning, ...rest) => {
  const type = typeof rest[0] === 'object' && rest[0] !== null ? rest[0].type : rest[0]
  if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest)
}

// Started by old-node.js: when that process is gone, however it went, this one stops as on SIGTERM.
if (process.env.ERRAND_ON_OLD_NODE === '1') {
  delete process.env.ERRAND_ON_OLD_NODE
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // Listening must not keep a command alive that is done.
  process.channel.unref()
}

import('../src/main.ts').then(({ main }) => main(process.argv))
