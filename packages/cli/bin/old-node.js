// biome-ignore lint/style/useNodejsImportProtocol: node before 14.18 does not know node:
const fs = require('fs')
// biome-ignore lint/style/useNodejsImportProtocol: the same
const path = require('path')
// biome-ignore lint/style/useNodejsImportProtocol: the same
const spawn = require('child_process').spawn

/** Runs the command on the node that the workspace or project installed as a package; without one, says what is needed. */
module.exports = function onOldNode(needed, script) {
  const node = installedNode()
  if (node === undefined || node === process.execPath) {
    process.stderr.write(
      'error: errand needs Node.js ' +
        needed +
        ' or newer, and this is ' +
        process.versions.node +
        '. ' +
        'Install a newer one from https://nodejs.org and try again.\n',
    )
    process.exit(1)
  }
  runOn(node, script)
}

function installedNode() {
  try {
    const node = path.join(path.dirname(require.resolve('node/package.json')), 'bin', 'node')
    return fs.existsSync(node) ? node : undefined
  } catch (_none) {
    return undefined
  }
}

/** Hands everything over, signals too, and ends as the other process ends. */
function runOn(node, script) {
  const child = spawn(node, [script].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { ERRAND_ON_OLD_NODE: '1' }),
  })
  ;['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => {
    process.on(signal, () => {
      child.kill(signal)
    })
  })
  child.on('error', (error) => {
    // biome-ignore lint/style/useTemplate: old syntax
    process.stderr.write('error: ' + node + ' cannot be run: ' + error.message + '.\n')
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
