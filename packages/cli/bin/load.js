'use strict'
// Keeps what was compiled, and the types that were stripped, for the next command: it starts in half the time.
require('node:module').enableCompileCache()

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
