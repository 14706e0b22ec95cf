import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { useAgent } from 'request-filtering-agent'
import { Webhook } from 'standardwebhooks'
import { defaults } from '../config.ts'
import { type Channel, ChannelGone, type Message, type WebhookConfig } from './types.ts'

/**
 * Tells another service, as Standard Webhooks says: an id that stays the same, a time, and a signature with each of the
 * secrets. Addresses are looked at when the connection is made, so that a name which resolves to an internal address,
 * be it only the second time, is refused; redirects are not followed.
 *
 * @param lookup - resolves names; for tests. Default: as the system does
 */
export function webhookChannel(config: WebhookConfig, lookup?: LookupFunction): Channel {
  const signers = config.secrets.map((secret) => new Webhook(secret))
  return {
    name: `webhook:${config.name}`,
    needsEmail: false,
    cadence: 'now',
    async send(message) {
      const body = JSON.stringify(payloadOf(message))
      const at = new Date()
      const status = await post(config, lookup, body, {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': signers.map((signer) => signer.sign(message.id, at, body)).join(' '),
      })
      if (status >= 200 && status < 300) return
      if (status === 410) throw new ChannelGone('it answered 410: it wants no more')
      throw new Error(
        status >= 300 && status < 400 ? `it answered ${status}: redirects are not followed` : `it answered ${status}`,
      )
    },
  }
}

function payloadOf({ notifications, to }: Message) {
  return {
    type: notifications.length === 1 ? notifications[0]?.kind : 'digest',
    timestamp: notifications[0]?.createdAt.toISOString(),
    data: {
      principal: { id: to.id, name: to.name },
      notifications: notifications.map(({ body, createdAt, id, kind, link, taskId, title }) => ({
        id,
        kind,
        title,
        body,
        link,
        taskId,
        createdAt: createdAt.toISOString(),
      })),
    },
  }
}

/** @returns the status; what the answer says is of no interest, and could be endless */
function post(
  { allowInternal = [], url }: WebhookConfig,
  lookup: LookupFunction | undefined,
  body: string,
  headers: Record<string, string>,
): Promise<number> {
  const target = new URL(url)
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest
  const agent = allowInternal.includes(target.hostname) ? undefined : useAgent(url)
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(defaults.channelTimeout),
        ...(lookup === undefined ? {} : { lookup }),
        ...(agent === undefined ? {} : { agent }),
      },
      (response) => {
        response.destroy()
        resolve(response.statusCode ?? 0)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
