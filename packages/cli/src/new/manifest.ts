import { relative, sep } from 'node:path'

/** What is read of a package.json, and written. */
export interface Manifest {
  name: string
  version: string
  scripts?: Readonly<Record<string, string>>
  dependencies?: Readonly<Record<string, string>>
  devDependencies?: Readonly<Record<string, string>>
  engines?: Readonly<Record<string, string>>
}

/**
 * The package.json of a package made from the template: its own name, private, and Errand's packages from the registry
 * in the template's version, or from tarballs.
 *
 * @param to - the new package's folder, absolute
 * @param tarballs - by package name, absolute; all of them become dependencies, as npm then finds each for the others
 */
export function manifestOf(
  template: Manifest,
  name: string,
  to: string,
  tarballs: Readonly<Record<string, string>> | undefined,
): object {
  const { scripts = {}, dependencies = {}, devDependencies = {}, engines = {}, version } = template
  const place = (of: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(of).map(([each, range]) => {
        if (!each.startsWith('@errand/')) return [each, range]
        const tarball = tarballs?.[each]
        return [each, tarball === undefined ? `^${version}` : `file:${posix(relative(to, tarball))}`]
      }),
    )
  const others = Object.keys(tarballs ?? {}).filter((each) => !(each in dependencies))
  const more = Object.fromEntries(others.map((each) => [each, '']))
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    exports: { '.': './src/index.ts' },
    scripts,
    dependencies: place(dependencies),
    devDependencies: sorted(place({ ...devDependencies, ...more })),
    engines,
  }
}

const posix = (path: string) => path.split(sep).join('/')
const sorted = (of: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(of).sort(([a], [b]) => a.localeCompare(b)))
