/**
 * Headers that every answer carries alike: security headers and CORS. Two libraries say what they are, once, at start;
 * asking them again for each answer cost more than all else that is done for a small one.
 */
import { fastifyCors } from '@fastify/cors'
import { fastifyHelmet } from '@fastify/helmet'
import { type FastifyInstance, fastify } from 'fastify'

export interface ConstantHeaders {
  /** On every answer. */
  readonly always: Readonly<Record<string, string>>
  /** On the answer to a preflight besides. */
  readonly preflight: Readonly<Record<string, string>>
}

/** What an answer of the probe carries that no library of ours has put there. */
const ownOfFastify = new Set(['date', 'connection', 'keep-alive', 'content-length', 'content-type'])

/** Asks the libraries, by a service of one address that listens nowhere. */
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

/** Strict headers: no script, style or picture from elsewhere, and none written into a page. */
async function registerSecurity(app: FastifyInstance): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Swagger UI draws its signs from data: addresses in its own style sheet.
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        // The search box of the portal asks this service and no other.
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Open data may be read, embedded and drawn by any page.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // TLS ends at a proxy: that one knows whether plain HTTP may be forbidden under this name.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
}

/** Any page may read; none may write in a reader's name. */
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
