import { defaults } from '../config.ts'
import { escapeHtml, oneLine } from './render.ts'
import { type BuiltInTexts, builtIn } from './texts/built-in.ts'
import { formatFor } from './texts/format.ts'
import type { Message, NotificationView } from './types.ts'

/** A mail without its addresses. */
export interface MailText {
  subject: string
  text: string
  html: string
}

/** The mail of a message, in the person's language: plain, in text and in HTML, with the link. What people named is escaped. */
export function mailText({ notifications, to }: Message, publicUrl: string | undefined): MailText {
  const [first] = notifications
  const { language, texts } = builtIn(to.locale)
  const format = formatFor(to)
  const counted = (text: string, count: number) => text.replace('{count}', format.number(count))
  const subject =
    notifications.length === 1 && first !== undefined ? first.title : counted(texts.several, notifications.length)
  const beyond = notifications.length - defaults.digestEntries
  const more = beyond > 0 ? counted(texts.more, beyond) : undefined
  const parts = notifications
    .slice(0, defaults.digestEntries)
    .map((one) => ({ ...one, link: linkOf(one, publicUrl), at: format.moment(one.createdAt) }))
  const settings = publicUrl === undefined ? undefined : new URL('/preferences', publicUrl).href
  return {
    subject: oneLine(subject).slice(0, 200),
    text: [
      ...parts.flatMap(({ at, body, link, title }) => [
        title,
        ...(body ? [body] : []),
        at,
        ...(link ? [link] : []),
        '',
      ]),
      ...(more === undefined ? [] : [more, '']),
      ...(settings === undefined ? [] : [`${texts.settings}: ${settings}`]),
    ].join('\n'),
    html: page(
      { language, subject, settings, texts },
      parts
        .map(
          ({ at, body, link, title }) => `<tr><td style="padding:0 0 28px">
<h1 dir="auto" style="margin:0 0 8px;font-size:20px;line-height:1.3;overflow-wrap:anywhere">${escapeHtml(title)}</h1>
${body ? `<p dir="auto" style="margin:0 0 8px;line-height:1.5;overflow-wrap:anywhere">${escapeHtml(body)}</p>` : ''}
<p style="margin:0 0 16px;color:#5b6470;font-size:14px">${escapeHtml(at)}</p>
${link ? `<a href="${escapeHtml(link)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none">${escapeHtml(texts.open)}</a>` : ''}
</td></tr>`,
        )
        .join('\n') + (more === undefined ? '' : `\n<tr><td style="padding:0 0 28px">${escapeHtml(more)}</td></tr>`),
    ),
  }
}

interface Frame {
  /** Of the mail's own words. */
  language: string
  subject: string
  /** Where the preferences are, if anywhere. */
  settings: string | undefined
  texts: BuiltInTexts
}

function page({ language, settings, subject, texts }: Frame, rows: string): string {
  const footer = settings
    ? `<tr><td style="border-top:1px solid #dfe3e8;padding:16px 0 0;font-size:13px;color:#5b6470">
<a href="${escapeHtml(settings)}" style="color:#5b6470">${escapeHtml(texts.settings)}</a></td></tr>`
    : ''
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;background:#f3f5f7;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;color:#1c2430">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-radius:8px"><tr><td style="padding:28px 24px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
${rows}
${footer}
</table></td></tr></table>
</td></tr></table>
</body>
</html>
`
}

/** An address that a mail may hold: http, or a path below the public address. Never `javascript:` or another's scheme. */
function linkOf({ link }: NotificationView, publicUrl: string | undefined): string | undefined {
  if (link === null || !URL.canParse(link, publicUrl)) return undefined
  const url = new URL(link, publicUrl)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
}
