/**
 * The puller's HTTP client: retries while a source is unavailable or busy, and refuses one that redirects
 * elsewhere. It connects to one origin only, and sends its key nowhere else.
 */
import { setTimeout as pauseFor } from 'node:timers/promises'
import {
  answerBytesMax,
  answerSeconds,
  pauseMilliseconds,
  pauseMillisecondsMax,
  redirectsMax,
  retryAfterSecondsMax,
  stallSeconds,
} from '../limits.ts'
import { PullRefusal } from '../problems.ts'

export interface ClientOptions {
  /** The address of the service, without a trailing slash. */
  readonly base: string
  readonly key?: string | undefined
  /** Attempts after the first. */
  readonly retriesMax: number
  readonly signal: AbortSignal
  /** Called before a retry with the reason and the pause. */
  readonly onPause?: (why: string, milliseconds: number) => void
  /** How long a response may take to begin, and a download may stall; the defaults are in limits.ts. */
  readonly answerMilliseconds?: number
  readonly stallMilliseconds?: number
  /** The pause between retries; rejects when the signal is aborted. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** A failure that may be temporary: the request is repeated after a pause. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure'
  /** The pause requested by the source, in milliseconds. */
  readonly after: number | undefined
  /** Whether the attempt received data: then the count of retries starts again. */
  readonly hasAdvanced: boolean

  constructor(
    why: string,
    { after, hasAdvanced = false }: { after?: number | undefined; hasAdvanced?: boolean } = {},
  ) {
    super(why)
    this.after = after
    this.hasAdvanced = hasAdvanced
  }
}

/** Options of one request. */
interface ClientRequest {
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds that the source may wait before it responds. */
  readonly waitSeconds?: number
  /** Aborts the reading of the body as well. */
  readonly signal?: AbortSignal
}

export interface Client {
  /** How long a download may stall. */
  readonly stallMilliseconds: number
  /** One attempt. Throws TransientFailure, PullRefusal `source-elsewhere`, and the signal's reason. */
  readonly attempt: (path: string, request?: ClientRequest) => Promise<Response>
  /** Repeats work that throws TransientFailure. Throws `source-away` after the last retry. */
  readonly withRetries: <T>(work: () => Promise<T>) => Promise<T>
  /** The response as text with its status, with retries; refuses one longer than `answerBytesMax`. */
  readonly text: (path: string, request?: ClientRequest) => Promise<TextResponse>
}

export interface TextResponse {
  readonly status: number
  readonly text: string
}

const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Builds the client of one source. */
export function buildClient(options: ClientOptions): Client {
  const { base, retriesMax, signal, onPause = () => undefined, pause = untilThen } = options
  const origin = new URL(base).origin
  const attempt: Client['attempt'] = async (path, request = {}) => {
    let at = `${base}${path}`
    for (let redirects = 0; ; redirects++) {
      const response = await send(at, options, request)
      const location =
        response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
      if (location === null) return refuseBusy(response)
      await response.body?.cancel()
      const to = URL.canParse(location, at) ? new URL(location, at) : undefined
      if (to?.origin !== origin)
        throw new PullRefusal('source-elsewhere', `${at} redirects to ${to?.href ?? location}.`)
      if (redirects === redirectsMax)
        throw new PullRefusal('source-elsewhere', `${base}${path} redirects too often.`)
      at = to.href
    }
  }
  const withRetries: Client['withRetries'] = async (work) => {
    for (let failed = 0; ; ) {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof TransientFailure)) throw error
        failed = error.hasAdvanced ? 1 : failed + 1
        if (failed > retriesMax) {
          throw new PullRefusal('source-away', `${base}: ${error.message}; attempts: ${failed}.`, {
            cause: error,
          })
        }
        const milliseconds = pauseBefore(failed, error.after)
        onPause(error.message, milliseconds)
        await pause(milliseconds, signal)
      }
    }
  }
  const text: Client['text'] = (path, request = {}) =>
    withRetries(async () => {
      const response = await attempt(path, request)
      return { status: response.status, text: await textOf(response, path) }
    })
  return { stallMilliseconds: options.stallMilliseconds ?? stallSeconds * 1000, attempt, withRetries, text }
}

/**
 * The pause before the n-th retry: what the source requests, up to a limit, otherwise growing exponentially.
 */
export function pauseBefore(n: number, requested: number | undefined): number {
  if (requested !== undefined) return Math.min(requested, retryAfterSecondsMax * 1000)
  return Math.min(pauseMilliseconds * 2 ** (n - 1), pauseMillisecondsMax)
}

async function untilThen(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pauseFor(milliseconds, undefined, { signal })
}

async function send(at: string, options: ClientOptions, request: ClientRequest): Promise<Response> {
  const { key, signal, answerMilliseconds = answerSeconds * 1000 } = options
  const started = AbortSignal.timeout(answerMilliseconds + (request.waitSeconds ?? 0) * 1000)
  // The timeout covers the start of the response; its reader limits the body.
  const late = new AbortController()
  const onLate = () => late.abort()
  started.addEventListener('abort', onLate, { once: true })
  const signals = [signal, late.signal, ...(request.signal === undefined ? [] : [request.signal])]
  try {
    return await fetch(at, {
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      headers: {
        'user-agent': 'qingdan-pull',
        accept: 'application/json, */*;q=0.5',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...request.headers,
      },
    })
  } catch (error) {
    signal.throwIfAborted()
    if (late.signal.aborted)
      throw new TransientFailure(`no response within ${answerMilliseconds / 1000} seconds`)
    throw transientFailureOf(error)
  } finally {
    started.removeEventListener('abort', onLate)
  }
}

/** Codes of Node and OpenSSL for an untrusted certificate, which is not temporary. */
const untrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/

/** Classifies a network error: a refusal for an untrusted certificate, otherwise a reason to retry. */
export function transientFailureOf(error: unknown, hasAdvanced = false): Error {
  const { cause, name } = Object(error) as { readonly cause?: unknown; readonly name?: string }
  const { code } = Object(cause ?? error) as { readonly code?: unknown }
  const why = typeof code === 'string' ? code : (name ?? 'unknown')
  if (untrusted.test(why)) return new PullRefusal('source-away', `Its certificate is not trusted: ${why}.`)
  return new TransientFailure(`the connection failed (${why})`, { hasAdvanced })
}

async function refuseBusy(response: Response): Promise<Response> {
  if (!transientStatuses.has(response.status)) return response
  await response.body?.cancel()
  throw new TransientFailure(`it answers ${response.status}`, {
    after: retryAfterOf(response.headers.get('retry-after')),
  })
}

/** RFC 9110, 10.2.3: seconds, or a date. Undefined if it is neither. */
export function retryAfterOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

async function textOf(response: Response, path: string): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.byteLength
      if (bytes > answerBytesMax)
        throw new PullRefusal('answer-odd', `${path} sent more than ${answerBytesMax} bytes.`)
      pieces.push(piece)
    }
  } catch (error) {
    throw error instanceof PullRefusal ? error : transientFailureOf(error)
  }
  return Buffer.concat(pieces).toString('utf8')
}
