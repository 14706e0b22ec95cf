/** Used as installed and not bundled: the engine has native modules, and the worker starts threads from its files. */
export default {
  serverExternalPackages: ['@errand/engine', '@errand/server', '@errand/worker'],
}
