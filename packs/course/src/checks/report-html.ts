import type { Finding } from './finding.ts'
import { CHECKS, type Level } from './registry.ts'
import { placeOf, type ReportData, type ReportInput, type ReportItem, reportData } from './report.ts'

const LEVELS: readonly { level: Level; title: string }[] = [
  { level: 'ERROR', title: 'Errors' },
  { level: 'WARNING', title: 'Warnings' },
  { level: 'INFO', title: 'Notes' },
]

const STYLE = `
:root { color-scheme: light dark; --text: #1b1b1f; --soft: #5b5b63; --page: #f6f6f8; --card: #fff; --line: #dcdce1;
  --error: #b3261e; --warning: #855000; --info: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --text: #ececf0; --soft: #a9a9b2; --page: #131316; --card: #1d1d21;
  --line: #34343b; --error: #ffb4ab; --warning: #ffcf8f; --info: #a4c9ff; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--page); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: clamp(1rem, 4vw, 2.5rem); }
h1 { font-size: clamp(1.4rem, 1.1rem + 1.5vw, 2rem); line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 0; } h3 { font-size: 1rem; margin: 1rem 0 0; } p { margin: .25rem 0; }
code, .place { font-family: ui-monospace, monospace; font-size: .875em; }
.soft { color: var(--soft); } h3 .soft { font-weight: 400; font-size: .8125em; }
.ERROR { color: var(--error); } .WARNING { color: var(--warning); } .INFO { color: var(--info); }
dl { display: grid; grid-template-columns: repeat(3, minmax(0, 12rem)); gap: .5rem; margin: 1rem 0 .5rem; }
dl div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
dl div, section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem; }
dt { color: var(--soft); font-size: .875rem; } .counts { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .875rem; }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
section { margin-top: 1rem; padding: .75rem clamp(.75rem, 3vw, 1.25rem) 1rem; }
ul { list-style: none; margin: .5rem 0 0; padding: 0; } li { padding: .4rem 0; border-top: 1px solid var(--line); }
li .place { display: block; }
@media print { body { background: none; } dl div, section { border-color: #999; } }`

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
${listSection('Renamed', 'renamed', renamedLines(report))}
${listSection('Ignored', 'junk', report.junk.map(code))}
</main>
</body>
</html>
`
}

function figures({ levels, counts }: ReportData): string {
  const cells = LEVELS.map(
    ({ level, title }) =>
      `<div><dt>${escaped(title)}</dt><dd class="${levels[level] === 0 ? 'soft' : level}">${levels[level]}</dd></div>`,
  )
  const rest = Object.entries(counts).map(([name, count]) => `<span>${count} ${escaped(name)}</span>`)
  return `<dl>${cells.join('')}</dl>
<p class="soft counts">${rest.join(' ')}</p>`
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

function renamedLines({ renamed, renamedCount }: ReportData): string[] {
  const lines = renamed.map(
    ({ type, from, to, file, line }) =>
      `${code(`${type} ${from}`)} goes by ${code(to)} <span class="soft place">${escaped(placeOf(file, line))}</span>`,
  )
  const more = renamedCount - renamed.length
  return more === 0 ? lines : [...lines, `and ${more} more`]
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
