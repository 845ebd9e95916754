/**
 * The sitemap (https://www.sitemaps.org/protocol.html): the portal's pages in both languages, with the time
 * of each dataset's last change. It is public, so it lists only open datasets.
 */
import { Type } from 'typebox'
import {
  type AppContext,
  addresses,
  byDataset,
  listReadable,
  listVersions,
  modifiedAt,
} from '../../catalogue/index.ts'
import { type App, baseUrl, isFresh, matches, problemResponses } from '../../http/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { digestOf } from '../../platform/digest.ts'
import { escapeXml } from '../rdf/xml.ts'

/** The protocol's limit of addresses in one file; a larger catalogue lists its first ones. */
export const sitemapPagesMax = 50_000

interface SitemapPage {
  readonly address: string
  readonly modified?: Date
}

export function sitemapRoutes(app: App, context: AppContext): void {
  app.get(
    '/sitemap.xml',
    {
      schema: {
        operationId: 'getSitemap',
        tags: ['exchange'],
        summary: 'Sitemap for search engines',
        description:
          'A sitemap of the portal: its start page and the page of each open dataset, in both languages.',
        response: {
          200: {
            description: 'The sitemap.',
            content: {
              'application/xml': { schema: Type.String({ description: 'XML after sitemaps.org.' }) },
            },
          },
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses('precondition-failed'),
        } as Readonly<Record<number, unknown>>,
      },
    },
    async (request, reply) => {
      const base = baseUrl(request, context.config)
      const at = addresses({ QINGDAN_PUBLIC_URL: base })
      const versions = byDataset(await listVersions(context.database))
      const datasets = listReadable(context.contracts, anonymousCaller).map(({ contract }): SitemapPage => {
        const own = versions.get(contract.dataset) ?? []
        const address = at.page(contract.dataset)
        return own.length === 0 ? { address } : { address, modified: modifiedAt(own) }
      })
      const text = writeSitemap([{ address: `${base}/` }, ...datasets])
      if (isFresh(request, reply, digestOf(text).slice(0, 32))) return reply.code(304).send(null)
      return reply.type('application/xml; charset=utf-8').send(text)
    },
  )
  app.get('/robots.txt', { schema: { hide: true } }, async (request, reply) => {
    const text = robots(baseUrl(request, context.config))
    if (matches(request, reply, digestOf(text).slice(0, 32))) return reply.code(304).send(null)
    return reply.header('cache-control', 'public, max-age=3600').type('text/plain; charset=utf-8').send(text)
  })
}

/**
 * The rules for crawlers (RFC 9309): everything is public; only what has no end is left out, since each question
 * about a table is an address of its own.
 */
function robots(base: string): string {
  const endless = ['/datasets/*/table?', '/datasets/*/compare?', '/language?', '/v1/datasets/*?', '/api/']
  return [
    'User-agent: *',
    ...endless.map((path) => `Disallow: ${path}`),
    '',
    `Sitemap: ${base}/sitemap.xml`,
    '',
  ].join('\n')
}

/**
 * Writes the sitemap. Each page lists its language variants, so that search engines treat them as one page.
 */
export function writeSitemap(pages: readonly SitemapPage[]): string {
  const urls = pages.slice(0, sitemapPagesMax).map(({ address, modified }) => {
    const alternates = [
      ['zh-CN', 'zh'],
      ['en', 'en'],
    ].map(
      ([language, lang]) =>
        `<xhtml:link rel="alternate" hreflang="${language}" href="${escapeXml(`${address}?lang=${lang}`)}"/>`,
    )
    const changed = modified === undefined ? '' : `<lastmod>${modified.toISOString()}</lastmod>`
    return `<url><loc>${escapeXml(address)}</loc>${changed}${alternates.join('')}</url>\n`
  })
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n' +
    `${urls.join('')}</urlset>\n`
  )
}
