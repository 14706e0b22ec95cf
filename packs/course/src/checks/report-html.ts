import type { Finding } from './finding.ts'
import { CHECKS, type Level } from './registry.ts'
import { placeOf, type ReportData, type ReportInput, type ReportItem, reportData } from './report.ts'

const LEVELS: readonly { level: Level; title: string }[] = [
  { level: 'ERROR', title: 'Errors' },
  { level: 'WARNING', title: 'Warnings' },
  { level: 'INFO', title: 'Notes' },
]

const STYLE = `
:root { color-scheme: light dark; --text: #1c1c1e; --soft: #5a5a60; --page: #fff; --line: #d4d4d8;
  --error: #b3261e; --warning: #8a5300; --info: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --text: #ececf0; --soft: #a8a8b0; --page: #17171a; --line: #3c3c42;
  --error: #ffb4ab; --warning: #ffcf8f; --info: #a4c9ff; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; color: var(--text); background: var(--page);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .25rem 0; } ul { padding-left: 1.25rem; margin: .25rem 0; } li { margin: .2rem 0; }
.soft { color: var(--soft); } .ERROR { color: var(--error); } .WARNING { color: var(--warning); } .INFO { color: var(--info); }
code, .place { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
.message { overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; } dt { color: var(--soft); } dd { margin: 0; font-weight: 600; }
section { border-top: 1px solid var(--line); }`

/**
 * The report for people: one page that needs nothing else, is readable by screen readers, in light and dark, and runs
 * no script. All that comes from the course is shown as text, whatever it is.
 */
export function reportHtml(input: ReportInput): string {
  const report = reportData(input)
  const title = `Report on ${report.displayName ?? report.course}`
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="soft"><code>${escaped(report.course)}</code></p>
<p>${escaped(report.summary)}</p>
${figures(report)}
${report.sections.map(({ title: heading, items }, index) => itemsSection(escaped(heading), `section-${index}`, items)).join('')}
${LEVELS.map(({ level, title: heading }) => findingsSection(heading, level, report.findings)).join('')}
${itemsSection('Missing', 'missing', report.missing)}
${itemsSection('Left out', 'dropped', report.dropped)}
${listSection(
  'Renamed',
  'renamed',
  report.renamed.map(
    ({ type, from, to, file, line }) =>
      `${code(`${type} ${from}`)} goes by ${code(to)} <span class="soft place">${escaped(placeOf(file, line))}</span>`,
  ),
)}
${listSection('Ignored', 'junk', report.junk.map(code))}
</main>
</body>
</html>
`
}

function figures({ levels, counts }: ReportData): string {
  const all: [string, number][] = [
    ...LEVELS.map(({ level, title }): [string, number] => [title, levels[level]]),
    ...Object.entries(counts),
  ]
  const cells = all.map(([name, count]) => `<div><dt>${escaped(name)}</dt><dd>${count}</dd></div>`)
  return `<dl>${cells.join('')}</dl>`
}

/** The findings of one level, by code, as many share what to do about them. */
function findingsSection(title: string, level: Level, findings: readonly Finding[]): string {
  const byCode = new Map<Finding['code'], Finding[]>()
  for (const finding of findings) {
    if (finding.level !== level) continue
    const list = byCode.get(finding.code)
    if (list === undefined) byCode.set(finding.code, [finding])
    else list.push(finding)
  }
  if (byCode.size === 0) return ''
  const groups = [...byCode].map(([name, list]) => {
    const { meaning } = CHECKS[name]
    const lines = list.map(({ file, line, message }) => {
      const place = file === undefined ? '' : ` <span class="soft place">${escaped(placeOf(file, line))}</span>`
      return `<li><span class="message">${escaped(message)}</span>${place}</li>`
    })
    return `<h3>${escaped(meaning)} <span class="soft">${escaped(name)}</span></h3>
<p class="soft">${escaped(list[0]?.hint ?? '')}</p>
<ul>${lines.join('\n')}</ul>`
  })
  return `<section aria-labelledby="${level}">
<h2 id="${level}" class="${level}">${title}</h2>
${groups.join('\n')}
</section>
`
}

function itemsSection(title: string, id: string, items: readonly ReportItem[]): string {
  return listSection(
    title,
    id,
    items.map(({ what, why }) => `${code(what)} <span class="message">${escaped(why)}</span>`),
  )
}

/** @param lines - already escaped */
function listSection(title: string, id: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
<ul>${lines.map((line) => `<li>${line}</li>`).join('\n')}</ul>
</section>
`
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Text as text of a page. Control characters, which a page may not hold, and those that turn the direction of writing, by
 * which a file name can look like another, become visible.
 */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
    .replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '\uFFFD')
}
