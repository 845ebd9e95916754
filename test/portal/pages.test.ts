/**
 * Every page of the portal in both languages, as text and, where Chromium is installed, in a browser: markup, size,
 * accessibility, no outside request; the programs it shows; and six tasks done as a person would.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { brotliCompressSync } from 'node:zlib'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import t from 'tap'
import { faultsOf } from '../support/html-faults.ts'
import { corrected, openPortal, portalPages } from '../support/portal-context.ts'
import { isFull } from '../support/runs.ts'

const testContext = await openPortal(t)
const { get, app } = testContext
const address = await app.listen({ host: '127.0.0.1', port: 0 })
const browserPath = '/usr/bin/chromium'
/** HTML, styles and scripts of a page, compressed. */
const bytesMax = 100_000

const inLanguage = (path: string, language: string) =>
  `${path}${path.includes('?') ? '&' : '?'}lang=${language}`

t.test('every page is whole, small, and has nothing inline', async (t) => {
  const css = brotliCompressSync((await get('/assets/portal.css')).bytes).length
  for (const path of portalPages) {
    for (const language of ['zh', 'en']) {
      const { status, text, headers } = await get(inLanguage(path, language))
      t.equal(status, 200, path)
      t.same(faultsOf(text), [], path)
      t.notMatch(text, /<style|\sstyle=|\son[a-z]+="|undefined|NaN|\[object/, path)
      t.match(headers, { 'content-language': language === 'zh' ? 'zh-CN' : 'en' })
      const scripts = [...text.matchAll(/<script src="([^"]+)"/g)].map(([, src = '']) => src)
      let bytes = brotliCompressSync(text).length + css
      for (const script of scripts) bytes += brotliCompressSync((await get(script)).bytes).length
      t.ok(bytes <= bytesMax, `${path} has ${bytes} bytes`)
      if (language === 'en') continue
      t.match(text, /<html lang="zh-CN">/)
    }
  }
})

t.test('what is asked wrongly is answered in words', async (t) => {
  const browser = { accept: 'text/html,*/*;q=0.8' }
  const ask = (path: string) => get(path, browser)
  const table = '/datasets/student-fitness/table'
  for (const [path, status, words] of [
    [`${table}?nosuch=1&lang=zh`, 400, /<code>nosuch<\/code>/],
    [`${table}?tested__gte=many&lang=en`, 400, /<code>tested__gte<\/code>/],
    [`${table}?cursor=x&lang=en`, 400, /role="alert"/],
    [`${table}?edition=1999&lang=en`, 404, /edition/i],
    ['/datasets/nosuch/table?lang=zh', 404, /没有这个数据集/],
    [`/datasets/${corrected}/compare?lang=zh`, 404, /此地址没有内容/],
    [`/datasets/${corrected}/editions/2024/table`, 404, /此地址没有内容/],
    [`/datasets/${corrected}/editions/2025/versions/9?lang=en`, 404, /version/i],
    ['/datasets/student-fitness/compare?by=colour&lang=en', 400, /<code>by<\/code>/],
    ['/datasets/student-fitness/compare?colour=1', 400, /<code>colour<\/code>/],
    ['/lists/1999?lang=zh', 404, /清单/],
    ['/lists/2026?state=lost', 400, /<code>state<\/code>/],
    ['/score?grade=34', 400, /<code>grade<\/code>/],
    ['/venues?day=tomorrow', 400, /<code>at<\/code>/],
    ['/venues/nosuch?lang=en', 404, /No such venue/],
    ['/problems/nosuch?lang=en', 404, /problem/i],
    [`/datasets?q=${'x'.repeat(10_000)}`, 400, /<code>q<\/code>/],
  ] as const) {
    const answer = await ask(path)
    t.equal(answer.status, status, path.slice(0, 80))
    t.match(answer.headers['content-type'], /^text\/html/, path.slice(0, 80))
    t.match(answer.text, words)
    t.same(faultsOf(answer.text), [])
    t.notMatch(answer.text, /x{1000}/)
  }
})

t.test('a list is filtered, and its calendar has what is due', async (t) => {
  const all = (await get('/lists/2026?lang=en')).text
  const rows = (text: string) => text.match(/<tr id="item-/g)?.length ?? 0
  const overdue = Number(/class="overdue"[^>]*><strong>(\d+)/.exec(all)?.[1])
  t.equal(rows(all), 12)
  t.ok(overdue > 0)
  t.equal(rows((await get('/lists/2026?state=overdue')).text), overdue)
  const calendar = await get('/lists/2026/calendar.ics?lang=en')
  t.match(calendar.headers['content-type'], /^text\/calendar/)
  const planned = Number(/class="planned"[^>]*><strong>(\d+)/.exec(all)?.[1])
  t.equal(calendar.text.match(/BEGIN:VEVENT/g)?.length, overdue + planned)
})

t.test('a correction shows what it changed and why; a withdrawn version shows its reason', async (t) => {
  const second = (await get(`/datasets/${corrected}/editions/2025/versions/2?lang=en`)).text
  t.match(second, /South was measured again\./)
  t.match(second, /1 records added, 1 removed, 1 changed, 1 the same/)
  t.match(second, /<del>2\.0<\/del> → <ins>2\.5<\/ins>/)
  const first = (await get(`/datasets/${corrected}/editions/2025/versions/1?lang=en`)).text
  t.match(first, /There is a newer one|there is a newer one/)
  const withdrawn = (await get(`/datasets/${corrected}/editions/2024/versions/1?lang=en`)).text
  t.match(withdrawn, /was withdrawn[\s\S]*The ponds of another city\.[\s\S]*no version in its place/)
  t.notMatch(withdrawn, /north/)
})

t.test('the programs that a table shows run as they are, and read its rows', async (t) => {
  const path = '/datasets/student-fitness/table?indicator=total&level=_T&sex=_T&lang=en'
  const text = (await get(path)).text.replaceAll('http://127.0.0.1:8080', address)
  const count = /role="status">([\d,]+) of/.exec(text)?.[1]
  const plainOf = (html: string) =>
    html.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
  const programOf = (id: string) =>
    plainOf(new RegExp(`<pre id="snippet-${id}"[^>]*><code>([\\s\\S]*?)</code>`).exec(text)?.[1] ?? '')
  // Not in this thread, which answers the programs.
  const run = async (command: string, ...args: string[]) => {
    const { stdout } = await promisify(execFile)(command, args, { cwd: testContext.folder, timeout: 60_000 })
    return stdout.trim()
  }
  const script = programOf('javascript')
  t.equal(await run(process.execPath, '--input-type=module', '-e', script), count, 'JavaScript')
  for (const [command, id, flag] of [
    ['python3', 'python', '-c'],
    ['Rscript', 'r', '-e'],
  ] as const) {
    if (!existsSync(`/usr/bin/${command}`)) t.comment(`${command} is not installed`)
    else t.match(await run(command, flag, programOf(id)), new RegExp(`${count}$`), id)
  }
  if (existsSync('/usr/bin/curl')) {
    await run('sh', '-c', `${programOf('curl')} --silent`)
    const lines = readFileSync(`${testContext.folder}/data.csv`, 'utf8').trimEnd().split('\n')
    t.equal(String(lines.length - 1), count, 'curl')
  }
  t.match(programOf('power-query'), /Csv\.Document\(Web\.Contents\("http/)
})

const skip = existsSync(browserPath) ? false : 'Chromium is not installed'

t.test('in a browser', { skip }, async (t) => {
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

  t.test('no page has an error, a request to another host, or a violation of WCAG 2.2 AA', async (t) => {
    const faults: string[] = []
    // In the suite each page comes in one of the two ways; in full runs in both.
    for (const [turn, language, options] of [
      [0, 'zh', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
      [1, 'en', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ] as const) {
      const { page, log } = await openPage(browser, { ...options, bypassCSP: true })
      for (const [index, path] of [...portalPages, '/docs'].entries()) {
        if (!isFull && index % 2 !== turn) continue
        await page.goto(address + inLanguage(path, language))
        await page.evaluate(axe)
        faults.push(...[...log.splice(0), ...(await violationsOf(page))].map((fault) => `${path}: ${fault}`))
      }
    }
    t.same(faults, [])
  })

  t.test('six tasks', async (t) => {
    for (const [name, task] of Object.entries(tasks)) {
      const { page, log } = await openPage(browser, {
        locale: 'zh-CN',
        geolocation: { latitude: 31.2304, longitude: 121.4737 },
        permissions: ['geolocation'],
      })
      const began = performance.now()
      let steps = 0
      await page.goto(address)
      const answer = await task(page, () => {
        steps += 1
      })
      t.ok(answer.length > 0, name)
      t.same(log, [], name)
      t.comment(`${name}: ${steps} steps, ${((performance.now() - began) / 1000).toFixed(1)} s: ${answer}`)
      await page.context().close()
    }
  })

  t.test('without JavaScript a search, a filter and the next page work', async (t) => {
    const { page } = await openPage(browser, { javaScriptEnabled: false, locale: 'en-GB' })
    await page.goto(address)
    await page.getByRole('searchbox').fill('fitness')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Student fitness statistics', exact: true }).click()
    await page.getByRole('link', { name: 'Table', exact: true }).click()
    await page.locator('#f-indicator').selectOption('run_50m')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('link', { name: 'Next page' }).click()
    t.match(page.url(), /indicator=run_50m.*cursor=/)
    t.equal(await page.locator('tbody tr').count(), 50)
    await page.getByRole('link', { name: '中文' }).click()
    t.match(await page.title(), /数据表/)
    await page.goto(address)
    t.equal(await page.locator('html').getAttribute('lang'), 'zh-CN', 'the choice is remembered')
  })

  t.test('the score is computed in the browser, and nothing is sent', async (t) => {
    const { page } = await openPage(browser, { locale: 'en-GB' })
    await page.goto(`${address}/score?grade=22&sex=2`)
    await page.waitForLoadState('networkidle')
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    for (const [column, value] of Object.entries({
      ...{ height: '155', weight: '48', vital_capacity: '2400', run_50m: '8.9', sit_reach: '12.0' },
      ...{ sit_up_1min: '55', standing_jump: '170', run_800m: `3'55"` },
    }))
      await page.locator(`[data-column="${column}"]`).fill(value)
    t.match(await page.locator('#total').textContent(), /^\d+\.\d points · (good|pass|excellent)/)
    await page.locator('[data-column="run_800m"]').fill('soon')
    t.equal(await page.locator('[data-column="run_800m"]').getAttribute('aria-invalid'), 'true')
    t.same(requests, [])
  })
})

/** A page with what it logs: errors of scripts, and requests to other hosts. */
async function openPage(browser: Browser, options: BrowserContextOptions) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const log: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') log.push(message.text())
  })
  page.on('pageerror', (error) => log.push(error.message))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(address) && !url.startsWith('data:')) log.push(`requests ${url}`)
  })
  return { page, log }
}

interface Axe {
  readonly axe: {
    run: (
      options: object,
    ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
  }
}

/** What axe-core finds, and whether the page is wider than the screen. */
async function violationsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    const { violations } = await (globalThis as unknown as Axe).axe.run({ runOnly })
    const { document } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number; clientWidth: number } }
    }
    const { scrollWidth, clientWidth } = document.documentElement
    return [
      ...violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html.slice(0, 150)}`),
      ...(scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} px too wide`] : []),
    ]
  })
}

type Task = (page: Page, step: () => void) => Promise<string>

/** What people come for, as they would do it; each gives what it found. */
const tasks: Readonly<Record<string, Task>> = {
  'which items are overdue, who owes them, since when': async (page, step) => {
    step()
    await page.locator('.figures a.overdue').click()
    const cells = await page.locator('tbody tr[id^="item-"]').first().locator('th, td').allTextContents()
    return `${cells[1]} ${cells[2]} ${cells[3]}`
  },
  'the fitness file for Excel': async (page, step) => {
    await page.getByRole('searchbox').fill('体质')
    step()
    await page.keyboard.press('Enter')
    step()
    await page.getByRole('link', { name: '学生体质健康测试统计', exact: true }).click()
    const download = page.waitForEvent('download')
    step()
    await page.getByRole('link', { name: /下载 Excel/ }).click()
    return (await download).suggestedFilename()
  },
  "two districts' 1000 m with intervals": async (page, step) => {
    step()
    await page.getByRole('link', { name: '统计比较', exact: true }).click()
    await page.getByLabel('测试项目').selectOption('run_1000m')
    step()
    await page.getByText('选择要比较的所属区').first().click()
    await page.getByLabel('浦东新区').check()
    await page.getByLabel('徐汇区').check()
    step()
    await page.getByRole('button', { name: '显示' }).click()
    const rows = await page.locator('main .table tbody tr').allTextContents()
    return rows.length === 2 ? rows.join(' / ') : ''
  },
  'basketball on Saturday at 9 near a point': async (page, step) => {
    step()
    await page.getByRole('link', { name: '场地开放', exact: true }).click()
    await page.getByLabel('项目').selectOption('basketball')
    await page.getByLabel('日期').fill('2026-12-05')
    await page.getByLabel('时间').fill('09:00')
    step()
    await page.getByRole('button', { name: '查询' }).click()
    await page.waitForLoadState('networkidle')
    let sent = ''
    page.on('request', (request) => {
      sent += request.url()
    })
    step()
    await page.getByRole('button', { name: /距离/ }).click()
    const first = page.locator('#venues > li').first()
    await first.locator('.distance').filter({ hasText: '米' }).waitFor()
    return sent === '' ? ((await first.textContent()) ?? '') : ''
  },
  'what a correction changed and why': async (page, step) => {
    step()
    await page.getByRole('link', { name: '更新动态', exact: true }).click()
    await page.getByLabel('类型').selectOption('version-corrected')
    step()
    await page.getByRole('button', { name: '筛选' }).click()
    step()
    await page.locator('.news a').first().click()
    const reason = await page.getByText('South was measured again.').first().textContent()
    return `${reason} ${await page.locator('ins').first().textContent()}`
  },
  'what a withheld cell means': async (page, step) => {
    step()
    await page.goto(`${address}/datasets/student-fitness/table?level=fail`)
    const title = await page.locator('td.withheld').first().getAttribute('title')
    step()
    await page.getByRole('link', { name: '概况', exact: true }).click()
    const words = await page.locator('section:has(#quality) li').last().textContent()
    return `${title} ${words}`
  },
}
