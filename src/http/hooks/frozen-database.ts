/**
 * Answers requests that wait for a database which does not answer: with 503 and Retry-After after a few
 * seconds, instead of hanging until the client gives up. A slow statement is no reason: the database is asked
 * on a connection of its own, twice.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../../platform/problem.ts'
import type { HttpContext } from '../context.ts'
import { sendProblem } from '../errors/problem-responses.ts'
import type { App } from '../route-helpers.ts'

/** Few requests take this long; only then the database is asked. */
const waitMilliseconds = 2_000
const askMilliseconds = 1_000
const checkMilliseconds = 500

interface Waiting {
  readonly request: FastifyRequest
  readonly since: number
}

/** Registers the hooks. Call it before any route. */
export function answerWhenFrozen(app: App, context: HttpContext): void {
  const waiting = new Map<FastifyReply, Waiting>()
  app.addHook('onRequest', (request, reply, done) => {
    waiting.set(reply, { request, since: performance.now() })
    // Also when the client disconnects before there is a response.
    reply.raw.once('close', () => waiting.delete(reply))
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    waiting.delete(reply)
    done()
  })
  let isChecking = false
  const check = async () => {
    const late = [...waiting].filter(([, { since }]) => performance.now() - since > waitMilliseconds)
    const unanswered = late.filter(([reply]) => !reply.raw.headersSent && !reply.sent)
    if (unanswered.length === 0) return
    for (const _attempt of [1, 2]) if (await context.database.responds(askMilliseconds)) return
    context.observe('database-frozen', { requests: unanswered.length })
    for (const [reply, { request }] of unanswered) {
      if (!reply.raw.headersSent && !reply.sent) sendProblem(problem('not-ready'), request, reply, context)
    }
  }
  const timer = setInterval(() => {
    if (isChecking) return
    isChecking = true
    // It is tried again in the next round.
    const ended = check().catch(() => undefined)
    void ended.then(() => {
      isChecking = false
    })
  }, checkMilliseconds)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))
}
