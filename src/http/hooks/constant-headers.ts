/**
 * Headers that every response carries: security headers and CORS. Two libraries define them; they are read
 * once, at start, because calling the libraries per response cost more than the rest of a small response.
 */
import { fastifyCors } from '@fastify/cors'
import { fastifyHelmet } from '@fastify/helmet'
import { type FastifyInstance, fastify } from 'fastify'

interface ConstantHeaders {
  /** On every response. */
  readonly always: Readonly<Record<string, string>>
  /** Also on the response to a preflight. */
  readonly preflight: Readonly<Record<string, string>>
}

/** Headers of a probe's response that none of the two libraries set. */
const ownOfFastify = new Set(['date', 'connection', 'keep-alive', 'content-length', 'content-type'])

/** Reads the headers from a response of a probe service that does not listen. */
export async function readConstantHeaders(): Promise<ConstantHeaders> {
  const probe = fastify()
  try {
    await registerSecurity(probe)
    await registerCors(probe)
    probe.get('/', async () => '')
    const always = constantsOf((await probe.inject('/')).headers)
    const all = constantsOf((await probe.inject({ method: 'OPTIONS', url: '/' })).headers)
    const preflight = Object.entries(all).filter(([name]) => !(name in always))
    return { always, preflight: Object.fromEntries(preflight) }
  } finally {
    await probe.close()
  }
}

function constantsOf(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const own = Object.entries(headers).filter(([name]) => !ownOfFastify.has(name))
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]))
}

/** Strict headers: no scripts, styles or pictures from other origins, and none inline. */
async function registerSecurity(app: FastifyInstance): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Swagger UI draws its icons from data: URLs in its own style sheet.
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        // The search form of the portal may submit to this service only.
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Open data may be read, embedded and drawn by any page.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // TLS ends at a proxy, which knows whether plain HTTP may be forbidden for this host name.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
}

/** Any page may read; none may write on behalf of a caller. */
async function registerCors(app: FastifyInstance): Promise<void> {
  await app.register(fastifyCors, {
    origin: '*',
    methods: ['GET', 'HEAD', 'OPTIONS'],
    allowedHeaders: ['Accept', 'Authorization', 'If-None-Match', 'If-Range', 'Range', 'X-Request-Id'],
    exposedHeaders: [
      'Content-Disposition',
      'Content-Range',
      'Deprecation',
      'ETag',
      'Link',
      'RateLimit',
      'RateLimit-Policy',
      'Repr-Digest',
      'Retry-After',
      'Sunset',
      'X-Request-Id',
    ],
    maxAge: 86_400,
    strictPreflight: false,
  })
}
