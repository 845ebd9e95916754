/**
 * The newest changes as an Atom feed (RFC 4287), for news readers. Platforms that must miss nothing follow the JSON feed,
 * to which it links. Refuses what the JSON feed refuses.
 */
import { type Static, Type } from 'typebox'
import { type AppContext, addresses } from '../../catalogue/index.ts'
import { type App, baseUrl, isFresh, languageOf, problemResponses } from '../../http/index.ts'
import { digestOf } from '../../platform/digest.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { escapeXml } from '../rdf/xml.ts'
import type { FeedType } from './change-types.ts'
import { describeChanges } from './feed.ts'
import { FeedQuery, type FeedSchema } from './schemas.ts'

const { limit, type, dataset } = FeedQuery.properties

export function atomRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/changes.atom',
    {
      schema: {
        operationId: 'listChangesAtom',
        tags: ['exchange'],
        summary: 'The newest changes as Atom',
        description:
          'For news readers: the newest changes first. `/v1/changes` has all changes in their order.',
        querystring: Type.Object({ limit, type, dataset }),
        response: {
          200: {
            description: 'The feed.',
            content: {
              'application/atom+xml': { schema: Type.String({ description: 'Atom after RFC 4287.' }) },
            },
          },
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses('dataset-not-found', 'precondition-failed'),
        } as Readonly<Record<number, unknown>>,
      },
    },
    async (request, reply) => {
      const feed = await describeChanges(context, { parameters: request.query, reader: request.caller })
      const language = languageOf(request, 'zh')
      const text = writeAtom(context, feed, { base: baseUrl(request, context.config), language })
      const open = request.caller.keyId === undefined
      const isCurrent = isFresh(request, reply, digestOf(text).slice(0, 32), open)
      reply.header('vary', 'Accept-Encoding, Accept-Language, Authorization')
      if (isCurrent) return reply.code(304).send(null)
      return reply.type('application/atom+xml; charset=utf-8').send(text)
    },
  )
}

type Feed = Static<typeof FeedSchema>

/** An Atom feed must name a time even if nothing has changed yet. */
const never = '1970-01-01T00:00:00Z'

function writeAtom(
  { contracts }: AppContext,
  { data, meta, links }: Feed,
  { base, language }: { readonly base: string; readonly language: Language },
): string {
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  // Without a public address, addresses in the feed are relative.
  const absolute = (href: string) => (href.startsWith('/') ? `${base}${href}` : href)
  const entries = [...data].reverse().map((change) => {
    const title = contracts.find(change.dataset)?.contract.title[language] ?? change.dataset
    const what = [title, change.edition, change.version === null ? null : `v${change.version}`]
    const name = `${titles[change.type][language]}: ${what.filter((text) => text !== null).join(' ')}`
    return [
      '<entry>',
      // RFC 4151: an id that stays the same at every mirror and address.
      element('id', `tag:qingdan,2026:${meta.origin}/${change.id}`),
      element('title', name),
      element('updated', change.at),
      `<link rel="alternate" href="${escapeXml(absolute(change.href ?? at.page(change.dataset)))}"/>`,
      `<category term="${change.type}"/>`,
      ...(change.reason === null ? [] : [element('summary', change.reason)]),
      '</entry>',
    ].join('\n')
  })
  const self = absolute(links.self).replace('/v1/changes', '/v1/changes.atom')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}">`,
    element('id', `tag:qingdan,2026:${meta.origin}/changes`),
    element('title', feedTitle[language]),
    element('updated', data.at(-1)?.at ?? never),
    `<author>${element('name', authorName[language])}</author>`,
    `<link rel="self" type="application/atom+xml" href="${escapeXml(self)}"/>`,
    `<link rel="alternate" type="text/html" href="${escapeXml(`${base}/changes`)}"/>`,
    `<link rel="related" type="application/json" href="${escapeXml(absolute(links.self))}"/>`,
    ...entries,
    '</feed>',
    '',
  ].join('\n')
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

const feedTitle: Bilingual = { zh: '教育数据开放清单：最新变化', en: 'Open education data: changes' }
const authorName: Bilingual = { zh: '教育数据开放清单', en: 'Open education data' }

/** The types of changes as beginnings of titles. */
const titles: Readonly<Record<FeedType, Bilingual>> = {
  'dataset-added': { zh: '新数据集', en: 'New dataset' },
  'dataset-opened': { zh: '数据集开放', en: 'Dataset opened' },
  'dataset-closed': { zh: '数据集不再开放', en: 'Dataset closed' },
  'contract-added': { zh: '新数据契约', en: 'New contract' },
  'version-published': { zh: '发布', en: 'Published' },
  'version-corrected': { zh: '更正', en: 'Corrected' },
  'version-withdrawn': { zh: '撤回', en: 'Withdrawn' },
  'item-changed': { zh: '清单事项变化', en: 'Item of a list changed' },
  'closure-changed': { zh: '场地临时安排变化', en: 'Change of opening hours' },
}
