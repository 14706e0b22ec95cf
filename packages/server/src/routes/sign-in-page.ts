import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { API_BASE } from '../config.ts'
import type { ServerEnv } from '../context.ts'

/**
 * Takes the secret from behind the #, where no log and no Referer has it, and trades it for a session. It asks nothing
 * of whoever comes, so that whatever looks at links before people do (mail scanners, previews) uses none up: those do
 * not run scripts.
 */
const SCRIPT = `
const say = (text) => { document.querySelector('p').textContent = text }
const link = location.hash.slice(1)
history.replaceState(null, '', location.pathname)
fetch('${API_BASE}/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ link }) })
  .then(async (answer) => {
    if (answer.ok) return location.replace('/')
    const problem = await answer.json()
    say([problem.title, problem.hint].filter(Boolean).join('. '))
  })
  .catch(() => say('The server does not answer. Try again.'))
`

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<p role="status">Signing in…</p>
<noscript>Signing in needs JavaScript.</noscript>
<script>${SCRIPT}</script>
</html>
`

const hash = createHash('sha256').update(SCRIPT).digest('base64')

/** `GET /sign-in`: where a sign-in link leads. */
export function signInPage(): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.get('/sign-in', (c) =>
    c.html(PAGE, 200, {
      'Content-Security-Policy': `default-src 'none'; script-src 'sha256-${hash}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'Cache-Control': 'no-store',
    }),
  )
  return app
}
