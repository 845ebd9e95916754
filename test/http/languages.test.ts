/** `?lang=` is taken by every address, and chooses the language of problems. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { buildApp } from '../../src/app.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

const { context } = unconnectedContext()
const app = await buildApp(context)

t.test('no address refuses lang', async (t) => {
  const document = parse(readFileSync('openapi.yaml', 'utf8')) as { paths: Record<string, { get?: object }> }
  const paths = Object.entries(document.paths).filter(
    ([path, { get }]) => get && !path.endsWith('openapi.json'),
  )
  t.ok(paths.length > 50, String(paths.length))
  const refused: string[] = []
  for (const [path] of paths) {
    const { statusCode, body } = await app.inject(`${path.replace(/\{\w+\}/g, '1')}?lang=zh`)
    if (statusCode >= 400 && /parameter-unknown|"path":"lang"|Unknown parameter/.test(body))
      refused.push(path)
  }
  t.same(refused, [])
})

t.test('it chooses the language of a problem, before Accept-Language', async (t) => {
  const of = async (url: string, language: string) => {
    const { headers, body } = await app.inject({ url, headers: { 'accept-language': language } })
    return { language: headers['content-language'], ...JSON.parse(body) }
  }
  t.match(await of('/v1/datasets/nothing?lang=zh', 'en'), {
    ...{ language: 'zh', title: '没有这个数据集', hint: 'GET /v1/datasets 列出全部数据集及其标识。' },
  })
  t.match(await of('/v1/datasets/nothing', 'zh-CN'), { language: 'zh', hint: /列出全部数据集/ })
  t.match(await of('/v1/datasets/nothing?lang=en', 'zh-CN'), { language: 'en', title: 'No such dataset' })
  t.match(await of('/v1/problems?limits=1', 'zh'), { code: 'parameter-unknown', detail: '此地址不带参数。' })
  t.match(await of('/v1/problems?lang=fr', 'en'), {
    code: 'parameter-invalid',
    path: 'lang',
    detail: 'Expected zh or en.',
  })
  t.match(await of('/v1/datasets?limit=x&lang=zh', 'en'), {
    code: 'parameter-invalid',
    detail: '该值须为整数。',
  })
})

t.test('it closes', async () => {
  await app.close()
})
