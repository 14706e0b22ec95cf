/**
 * The server's limits and times: each with its name, its unit and the reason for the number.
 */

/** Where the API lives; the version is part of the path so that an old client keeps working beside a new one. */
export const API_BASE = '/api/v1'

/** Bytes of a JSON request. An input is fields of a form; files are uploads. */
export const JSON_LIMIT = 1024 * 1024

/** Bytes of one upload, unless configured: the largest course archives met are a few GiB. */
export const DEFAULT_UPLOAD_LIMIT = 10 * 1024 ** 3

/** Seconds a caller may wait for a task within one request; proxies commonly give up after 30 to 60. */
export const MAX_WAIT = 10

/** Seconds after which a caller that polls should ask again. */
export const RETRY_AFTER = 2

/** Milliseconds between comments in a quiet feed; proxies commonly close a connection that is silent for 30 to 60 s. */
export const HEARTBEAT = 15_000

/**
 * Milliseconds after which a feed ends and the client comes back with Last-Event-ID, so that a right that was
 * taken away does not last for as long as a browser tab.
 */
export const FEED_LIFETIME = 60 * 60 * 1_000

/** Feeds one person may have open at a time: far more than tabs and terminals, far less than would burden a server. */
export const FEEDS_PER_PRINCIPAL = 100

/** Milliseconds a browser waits before it opens a broken feed again. */
export const RECONNECT_DELAY = 1_000

/** Milliseconds without a byte in either direction after which a connection is closed. Feeds have their heartbeat. */
export const SOCKET_IDLE = 120_000

/** Milliseconds a connection is kept for the next request: longer than proxies keep theirs (60 s), so that they close first. */
export const KEEP_ALIVE = 65_000

/** Milliseconds that requests in hand get to finish when the server stops. */
export const CLOSE_GRACE = 5_000
/** Seconds until a request that met a database or a server that is going away may be tried again: a restart takes some. */
export const RETRY_AFTER_SECONDS = 5

/** How the bytes of outputs reach whoever downloads them. */
export type Delivery =
  /** Through this process. Works everywhere, and is what the others fall back to. */
  | { by: 'stream' }
  /** 303 to a signed address of the storage, which holds for minutes. Needs a storage that has such addresses. */
  | { by: 'redirect' }
  /** nginx in front serves the file: `X-Accel-Redirect: PREFIX/STORAGE/KEY`. Needs a storage of scheme `fs`. */
  | { by: 'x-accel'; prefix: string }
  /** Apache or lighttpd in front serves the file: `X-Sendfile: /its/path`. Needs a storage of scheme `fs`. */
  | { by: 'x-sendfile' }
/** Seconds by which the platform's clock may differ from ours: more than NTP leaves, less than a token's life. */
export const JWT_LEEWAY = 30
/** Milliseconds the platform's keys are kept: a key that it withdrew is not taken for longer. */
export const JWKS_KEPT = 10 * 60 * 1_000
/** Milliseconds between two looks for a key that is not known, so that made-up key ids do not burden the platform. */
export const JWKS_COOLDOWN = 10_000
/** Milliseconds to wait for the platform's keys. */
export const JWKS_TIMEOUT = 5_000
