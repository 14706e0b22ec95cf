#!/usr/bin/env node
// Old syntax on purpose, here and in old-node.js: an old node must get as far as the sentence that names what it lacks.
const needed = [22, 18]
const found = process.versions.node.split('.').map(Number)

if (found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])) {
  require('./load.js')
} else {
  require('./old-node.js')(needed.join('.'), __filename)
}
