import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Where distributions put it; `.ci/run` installs it. */
const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A real browser, without a window. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = EXECUTABLES.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('No Chromium: apt-get install chromium')
  return chromium.launch({
    executablePath,
    // A container has neither the rights for the sandbox nor a graphics card.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
}
