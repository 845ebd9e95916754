/**
 * HTTP as the puller needs it: patience with a source that is away or busy, and none with one that leads elsewhere. It
 * speaks to one origin only, and sends its key nowhere else.
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
  /** The address of the service, without a slash at its end. */
  readonly base: string
  readonly key?: string | undefined
  /** Attempts after the first. */
  readonly retriesMax: number
  readonly signal: AbortSignal
  /** Hears that a request is made again, why, and after which pause. */
  readonly onPause?: (why: string, milliseconds: number) => void
  /** How long an answer may take to begin, and a download may stand still; by default as the limits have it. */
  readonly answerMilliseconds?: number
  readonly stallMilliseconds?: number
  /** How one pauses; rejects when the signal is given. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** What may be over in a moment: the same request is made again after a pause. */
export class TransientFailure extends Error {
  override readonly name = 'Passing'
  /** The pause that the source asks for, in milliseconds. */
  readonly after: number | undefined
  /** Whether something came of the attempt: then patience begins anew. */
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

/** What a request asks for. */
export interface ClientRequest {
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds that the source was asked to wait before it answers. */
  readonly waitSeconds?: number
  /** Ends the reading of the answer as well. */
  readonly signal?: AbortSignal
}

export interface Client {
  /** How long a download may stand still. */
  readonly stallMilliseconds: number
  /** One attempt. Throws Passing, PullRefusal `source-elsewhere`, and the signal's reason. */
  readonly attempt: (path: string, asked?: ClientRequest) => Promise<Response>
  /** Repeats what throws Passing. Throws `source-away` where patience is over. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>
  /** The answer as text with its status, patiently; what is longer than `answerBytesMax` is refused. */
  readonly text: (path: string, asked?: ClientRequest) => Promise<Answered>
}

export interface Answered {
  readonly status: number
  readonly text: string
}

const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Builds the client of one source. */
export function buildClient(options: ClientOptions): Client {
  const { base, retriesMax, signal, onPause = () => undefined, pause = untilThen } = options
  const origin = new URL(base).origin
  const attempt: Client['attempt'] = async (path, asked = {}) => {
    let at = `${base}${path}`
    for (let redirects = 0; ; redirects++) {
      const answer = await ask(at, options, asked)
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null
      if (location === null) return refuseBusy(answer)
      await answer.body?.cancel()
      const to = URL.canParse(location, at) ? new URL(location, at) : undefined
      if (to?.origin !== origin)
        throw new PullRefusal('source-elsewhere', `${at} leads to ${to?.href ?? location}.`)
      if (redirects === redirectsMax)
        throw new PullRefusal('source-elsewhere', `${base}${path} leads on and on.`)
      at = to.href
    }
  }
  const patiently: Client['patiently'] = async (work) => {
    for (let failed = 0; ; ) {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof TransientFailure)) throw error
        failed = error.hasAdvanced ? 1 : failed + 1
        if (failed > retriesMax) {
          throw new PullRefusal('source-away', `${base}: ${error.message}, ${failed} times.`, {
            cause: error,
          })
        }
        const milliseconds = pauseBefore(failed, error.after)
        onPause(error.message, milliseconds)
        await pause(milliseconds, signal)
      }
    }
  }
  const text: Client['text'] = (path, asked = {}) =>
    patiently(async () => {
      const answer = await attempt(path, asked)
      return { status: answer.status, text: await textOf(answer, path) }
    })
  return { stallMilliseconds: options.stallMilliseconds ?? stallSeconds * 1000, attempt, patiently, text }
}

/** The pause before a request is made again for the n-th time: what the source asks for, within bounds, else ever longer. */
export function pauseBefore(n: number, asked: number | undefined): number {
  if (asked !== undefined) return Math.min(asked, retryAfterSecondsMax * 1000)
  return Math.min(pauseMilliseconds * 2 ** (n - 1), pauseMillisecondsMax)
}

async function untilThen(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pauseFor(milliseconds, undefined, { signal })
}

async function ask(at: string, options: ClientOptions, asked: ClientRequest): Promise<Response> {
  const { key, signal, answerMilliseconds = answerSeconds * 1000 } = options
  const begun = AbortSignal.timeout(answerMilliseconds + (asked.waitSeconds ?? 0) * 1000)
  // The timeout is for the beginning of the answer; its body has the patience of whoever reads it.
  const late = new AbortController()
  const onLate = () => late.abort()
  begun.addEventListener('abort', onLate, { once: true })
  const signals = [signal, late.signal, ...(asked.signal === undefined ? [] : [asked.signal])]
  try {
    return await fetch(at, {
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      headers: {
        'user-agent': 'qingdan-pull',
        accept: 'application/json, */*;q=0.5',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...asked.headers,
      },
    })
  } catch (error) {
    signal.throwIfAborted()
    if (late.signal.aborted)
      throw new TransientFailure(`no answer within ${answerMilliseconds / 1000} seconds`)
    throw transientFailureOf(error)
  } finally {
    begun.removeEventListener('abort', onLate)
  }
}

/** Codes of Node and OpenSSL for a certificate that is not to be trusted: that does not pass. */
const untrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/

/** What broke a request or the reading of its answer, as a reason to try again. */
export function transientFailureOf(error: unknown, hasAdvanced = false): Error {
  const { cause, name } = Object(error) as { readonly cause?: unknown; readonly name?: string }
  const { code } = Object(cause ?? error) as { readonly code?: unknown }
  const why = typeof code === 'string' ? code : (name ?? 'unknown')
  if (untrusted.test(why)) return new PullRefusal('source-away', `Its certificate is not trusted: ${why}.`)
  return new TransientFailure(`the connection failed (${why})`, { hasAdvanced })
}

async function refuseBusy(answer: Response): Promise<Response> {
  if (!passingStatuses.has(answer.status)) return answer
  await answer.body?.cancel()
  throw new TransientFailure(`it answers ${answer.status}`, {
    after: retryAfterOf(answer.headers.get('retry-after')),
  })
}

/** RFC 9110, 10.2.3: seconds, or a date. Undefined where it is neither. */
export function retryAfterOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

async function textOf(answer: Response, path: string): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of answer.body ?? []) {
      bytes += piece.byteLength
      if (bytes > answerBytesMax)
        throw new PullRefusal('answer-odd', `${path} answers more than ${answerBytesMax} bytes.`)
      pieces.push(piece)
    }
  } catch (error) {
    throw error instanceof PullRefusal ? error : transientFailureOf(error)
  }
  return Buffer.concat(pieces).toString('utf8')
}
