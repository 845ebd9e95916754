/**
 * The portal over HTTP: its pages, static files, and the choice of a language. Each page is loaded when it is first
 * requested, so that the start of the service and its memory do not depend on them.
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TObject, Type } from 'typebox'
import {
  type AppContext,
  type DatasetParameters,
  EditionName,
  facetNames,
  getReadable,
  listReadable,
  Slug,
} from '../catalogue/index.ts'
import { type App, matches } from '../http/index.ts'
import { anonymousCaller } from '../platform/caller.ts'
import { digestOf } from '../platform/digest.ts'
import type { Language } from '../platform/language.ts'
import { type AssetName, assets, readAsset } from './assets.ts'
import { type View, viewOf } from './view.ts'

/** What a page gives: its text, and a status other than 200 or an address to go to. */
type Rendered = string | { readonly status?: number; readonly text: string } | { readonly redirect: string }

interface Page {
  readonly path: string
  readonly params?: TObject
  /** Parameters beside `lang`; `open` if the page checks them itself. */
  readonly query?: readonly string[] | 'open'
  readonly render: (context: AppContext, view: View, params: Params) => Promise<Rendered>
}

type Params = Readonly<Record<string, string>>

const OfDataset = Type.Object({ slug: Slug })
const Year = Type.Object({ year: Type.String({ pattern: '^\\d{4}$' }) })
const slugOf = ({ slug = '' }: Params) => slug
const loadedOf = ({ contracts }: AppContext, params: Params) =>
  getReadable(contracts, anonymousCaller, slugOf(params))
const searchNames = ['q', 'cursor', ...facetNames]

const pages: readonly Page[] = [
  {
    path: '/',
    query: searchNames,
    render: async (context, view) => {
      // A form sends empty fields too; without any search term the home page is shown.
      const isSearch = [...view.parameters.values()].some((value) => value.trim() !== '')
      return isSearch ? searchPage(context, view) : homePage(context, view)
    },
  },
  { path: '/datasets', query: searchNames, render: (context, view) => searchPage(context, view) },
  {
    path: '/datasets/:slug',
    params: OfDataset,
    render: async (context, view, params) => {
      const { findDatasetPage } = await import('./datasets/find-page.ts')
      const { renderDatasetPage } = await import('./datasets/page.tsx')
      const content = await findDatasetPage(context, loadedOf(context, params), siteOf(context, view))
      return renderDatasetPage({ content, contracts: context.contracts, view })
    },
  },
  {
    path: '/datasets/:slug/table',
    params: OfDataset,
    query: 'open',
    render: async (context, view, params) => {
      const { renderExplorer } = await import('./explorer/page.tsx')
      return renderExplorer(context, loadedOf(context, params), view)
    },
  },
  {
    path: '/datasets/:slug/compare',
    params: OfDataset,
    query: 'open',
    render: async (context, view, params) => {
      const { renderComparison } = await import('./statistics/page.tsx')
      return renderComparison(context, loadedOf(context, params), view)
    },
  },
  {
    path: '/statistics',
    render: async (context, view) => {
      const { renderStatistics } = await import('./statistics/page.tsx')
      return renderStatistics(listReadable(context.contracts, anonymousCaller), view)
    },
  },
  {
    path: '/datasets/:slug/editions',
    params: OfDataset,
    render: async (context, view, params) => {
      const { renderHistory } = await import('./versions/history-page.tsx')
      return renderHistory(context, loadedOf(context, params), undefined, view)
    },
  },
  {
    path: '/datasets/:slug/editions/:edition',
    params: Type.Object({ slug: Slug, edition: EditionName }),
    render: async (context, view, params) => {
      const { renderHistory } = await import('./versions/history-page.tsx')
      return renderHistory(context, loadedOf(context, params), params['edition'], view)
    },
  },
  {
    path: '/datasets/:slug/editions/:edition/versions/:version',
    params: Type.Object({
      slug: Slug,
      edition: EditionName,
      version: Type.String({ pattern: '^[1-9][0-9]{0,8}$' }),
    }),
    query: ['preview'],
    render: async (context, view, params) => {
      const { findVersionPage } = await import('./versions/find-version.ts')
      const { renderVersion } = await import('./versions/version-page.tsx')
      const { edition = '', version = '' } = params
      const preview = view.parameters.get('preview') ?? undefined
      const address = { edition, number: Number(version), preview }
      const content = await findVersionPage(context, loadedOf(context, params), address)
      return renderVersion({ content, contracts: context.contracts, view })
    },
  },
  {
    path: '/lists',
    render: async (context, view) => {
      const { newestList } = await import('./lists/pages.ts')
      return { redirect: await newestList(context, view) }
    },
  },
  {
    path: '/lists/:year',
    params: Year,
    query: ['state', 'provider', 'theme', 'q'],
    render: async (context, view, { year = '' }) => {
      const { listPage } = await import('./lists/pages.ts')
      return listPage(context, view, year)
    },
  },
  {
    path: '/venues',
    query: ['day', 'time', 'activity', 'district', 'free', 'indoor', 'show', 'lat', 'lon', 'within'],
    render: async (context, view) => {
      const { findOpen } = await import('./venues/find-open.ts')
      const { renderVenues } = await import('./venues/page.tsx')
      return renderVenues({ content: await findOpen(context, view), contracts: context.contracts, view })
    },
  },
  {
    path: '/venues/:id',
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
    query: ['from'],
    render: async (context, view, { id = '' }) =>
      (await import('./venues/venue-page.tsx')).renderVenue(context, id, view),
  },
  {
    path: '/score',
    query: ['grade', 'sex'],
    render: async ({ contracts }, view) => (await import('./score/page.tsx')).renderScore(contracts, view),
  },
  {
    path: '/changes',
    query: ['dataset', 'kind'],
    render: async (context, view) => (await import('./changes/page.tsx')).renderChanges(context, view),
  },
  {
    path: '/problems',
    render: async (_context, view) => (await import('./problems/problem-pages.tsx')).renderProblems(view),
  },
  {
    path: '/problems/:code',
    params: Type.Object({ code: Type.String({ maxLength: 100 }) }),
    render: async (_context, view, { code = '' }) =>
      (await import('./problems/problem-pages.tsx')).renderProblemKind(code, view),
  },
  {
    path: '/status',
    render: async (context, view) => (await import('./site/status-page.tsx')).renderStatus(context, view),
  },
  {
    path: '/developers',
    render: async (context, view) =>
      (await import('./site/developers-page.tsx')).renderDevelopers(context, view),
  },
  ...(['about', 'methods', 'accessibility', 'contact'] as const).map(
    (name): Page => ({
      path: `/${name}`,
      render: async (_context, view) => (await import('./site/text-pages.tsx')).renderText(name, view),
    }),
  ),
]

export async function portalRoutes(app: App, context: AppContext): Promise<void> {
  for (const page of pages) pageRoute(app, context, page)
  languageRoute(app)
  calendarRoute(app, context)
  scoreScriptRoute(app)
  for (const [name, type] of Object.entries(assets) as [AssetName, string][]) {
    const text = await readAsset(name)
    // Browsers ask for the icon at its old address too, for what is not one of our pages.
    for (const path of [`/assets/${name}`, ...(name === 'logo.svg' ? ['/favicon.ico'] : [])]) {
      app.get(path, { schema: { hide: true } }, async (request, reply) =>
        sendText(request, reply, text, type, `public, max-age=${assetSeconds}`),
      )
    }
  }
}

async function homePage(context: AppContext, view: View): Promise<string> {
  const { findOverview } = await import('./home/find-overview.ts')
  const { renderHome } = await import('./home/page.tsx')
  const { dataCatalog } = await import('./schema-org.ts')
  const overview = await findOverview(context)
  const samples = overview.datasets.filter(({ synthetic }) => synthetic).map(({ slug }) => slug)
  const open = listReadable(context.contracts, anonymousCaller).map(({ contract }) => contract)
  return renderHome(overview, view, dataCatalog(open, siteOf(context, view), new Set(samples)))
}

async function searchPage(context: AppContext, view: View): Promise<string> {
  const { findResults } = await import('./search/find-results.ts')
  const { renderResults } = await import('./search/results.tsx')
  const parameters = Object.fromEntries(view.parameters) as DatasetParameters
  return renderResults(await findResults(context, parameters, view.language), view)
}

function siteOf({ contracts }: AppContext, { base, language }: View) {
  return { contracts, base, language }
}

const Lang = Type.Optional(Type.Enum(['zh', 'en']))

function pageRoute(app: App, context: AppContext, { path, params, query = [], render }: Page): void {
  const names = query === 'open' ? [] : query
  app.get(
    path,
    {
      config: { offers: ['text/html'], ...(query === 'open' ? { openQuery: true } : {}) },
      schema: {
        hide: true,
        ...(params === undefined ? {} : { params }),
        querystring: Type.Object({
          lang: Lang,
          ...Object.fromEntries(names.map((name) => [name, Type.Optional(Type.String())])),
        }),
      },
    },
    async (request, reply) => {
      const view = viewOf(request, context)
      const rendered = await render(context, view, request.params as Params)
      reply
        .header('content-language', view.language === 'zh' ? 'zh-CN' : 'en')
        .header('vary', 'Accept-Language, Cookie')
      if (typeof rendered === 'object' && 'redirect' in rendered)
        return reply.redirect(rendered.redirect, 302)
      const { text, status = 200 } = typeof rendered === 'string' ? { text: rendered } : rendered
      if (status !== 200) {
        return reply.code(status).header('cache-control', 'no-store').type(html).send(text)
      }
      // A draft that a token shows is not public: it must not be cached or indexed.
      if (view.parameters.has('preview')) {
        reply.header('x-robots-tag', 'noindex')
        return reply.header('cache-control', 'private, no-store').type(html).send(text)
      }
      return sendText(request, reply, text, html, `public, max-age=${pageSeconds}`)
    },
  )
}

const html = 'text/html; charset=utf-8'

/** A year: the choice is remembered until the reader chooses again. It is the only cookie, and says nothing else. */
const languageSeconds = 31_536_000

/** Remembers the language that a reader chose, and goes back to the page. */
function languageRoute(app: App): void {
  app.get(
    '/language',
    {
      config: { offers: ['text/html'] },
      schema: {
        hide: true,
        querystring: Type.Object({
          to: Type.Enum(['zh', 'en']),
          back: Type.Optional(Type.String({ maxLength: 8_000 })),
          lang: Lang,
        }),
      },
    },
    async (request, reply) => {
      const { to, back = '/' } = request.query as { readonly to: Language; readonly back?: string }
      return reply
        .header('set-cookie', `lang=${to}; Path=/; Max-Age=${languageSeconds}; SameSite=Lax`)
        .header('cache-control', 'no-store')
        .redirect(ownPath(back, to), 303)
    },
  )
}

/** A path of this service, never of another one; with the language, for browsers that keep no cookie. */
function ownPath(back: string, language: Language): string {
  const own = new URL('http://localhost/')
  try {
    const { origin, pathname, search } = new URL(back, own)
    if (origin !== own.origin || !/^\/(?!\/)/.test(back)) return `/?lang=${language}`
    const query = new URLSearchParams(search)
    query.set('lang', language)
    return `${pathname.replace(/^\/+/, '/')}?${query}`
  } catch {
    return `/?lang=${language}`
  }
}

function calendarRoute(app: App, context: AppContext): void {
  app.get(
    '/lists/:year(^\\d{4}$)/calendar.ics',
    { schema: { hide: true, params: Year, querystring: Type.Object({ lang: Lang }) } },
    async (request, reply) => {
      const { listCalendar } = await import('./lists/pages.ts')
      const { year } = request.params
      const text = await listCalendar(context, viewOf(request, context), year)
      reply.header('vary', 'Accept-Language, Cookie')
      const type = 'text/calendar; charset=utf-8'
      return sendText(request, reply, text, type, `public, max-age=${pageSeconds}`)
    },
  )
}

/** The script that scores results in a browser. */
function scoreScriptRoute(app: App): void {
  app.get('/assets/score.js', { schema: { hide: true } }, async (request, reply) => {
    const { text } = await import('./browser/score.ts?script')
    return sendText(request, reply, text, 'text/javascript; charset=utf-8', `public, max-age=${assetSeconds}`)
  })
}

/** Pages change with each publication; being a minute late does no harm. */
const pageSeconds = 60

/** File names don't change with the content, so browsers revalidate after an hour and usually get a 304. */
const assetSeconds = 3600

function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
  type: string,
  caching: string,
): FastifyReply {
  reply.header('cache-control', caching)
  if (matches(request, reply, digestOf(text).slice(0, 32))) return reply.code(304).send()
  return reply.type(type).send(text)
}
