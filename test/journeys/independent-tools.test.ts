/**
 * Independent tools and our bags: they accept what we pack, and we accept what is made with them alone, by
 * the very commands of the pages in docs/. Windows is simulated by the documented output of its commands.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { addSigner } from '../../src/accounts/index.ts'
import { readPublicKey } from '../../src/bundle/index.ts'
import { checkBundles } from '../../src/cli/check-bundles.ts'
import { loadAllContracts } from '../../src/context.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { type RawEntry, rawZip } from '../support/raw-zip.ts'
import { foreign, plainly, runCli } from '../support/run-cli.ts'
import { installed } from '../support/tools.ts'

const packages = {
  unzip: 'unzip',
  zip: 'zip',
  gpg: 'gnupg',
  sha256sum: 'coreutils',
  bsdtar: 'libarchive-tools',
}
/** False if all are installed, else the reason to skip, which is printed. */
const without = (...programs: (keyof typeof packages)[]): string | false => {
  const missing = programs.filter((program) => !installed(program))
  return (
    missing.length > 0 && `missing: apt-get install ${missing.map((program) => packages[program]).join(' ')}`
  )
}

/** A folder for keys, with a path short enough for the socket of gpg's agent. The passphrase is preset. */
function keyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpg-'))
  chmodSync(folder, 0o700)
  writeFileSync(join(folder, 'gpg.conf'), 'batch\npinentry-mode loopback\npassphrase for-this-test\n')
  return folder
}

function shell(script: string, cwd: string, environment: Readonly<Record<string, string>> = {}) {
  const [program, ...args] = plainly('bash', ['-euo', 'pipefail', '-c', script])
  const ended = spawnSync(program, args, {
    cwd,
    env: { ...foreign(), LC_ALL: 'C.UTF-8', ...environment },
    encoding: 'utf8',
  })
  return { code: ended.status, text: `${ended.stdout}${ended.stderr}` }
}

/** The commands of a page, block by block. */
function blocksOf(page: string, language: string): readonly string[] {
  const found = readFileSync(page, 'utf8').matchAll(
    new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'),
  )
  return [...found].map(([, block = '']) => block)
}

const calendar = `事项,起始日期,终止日期,名称,英文名称
public-holiday,2027-01-01,2027-01-03,元旦,New Year's Day
term,2027-02-22,2027-06-30,第二学期,Second term
`

t.test('both languages of a page have the same commands and the same findings', async (t) => {
  for (const page of ['linux', 'windows']) {
    const [en, zh] = ['', '.zh-CN'].map((suffix) => `docs/make-a-bag-${page}${suffix}.md`)
    for (const language of ['sh', 'powershell', 'bat']) {
      t.same(blocksOf(zh ?? '', language), blocksOf(en ?? '', language), `${page} ${language}`)
    }
    const named = (path = '') =>
      [...readFileSync(path, 'utf8').matchAll(/\| `([a-z-]+)` \|$/gm)].map(([, check]) => check)
    t.same(named(zh), named(en))
  }
})

t.test(
  'unzip, sha256sum and gpg accept our bags',
  { skip: without('unzip', 'sha256sum', 'gpg') },
  async (t) => {
    const folder = t.testdir({ 'calendar.csv': calendar })
    const keys = keyFolder()
    t.teardown(() => {
      shell('gpgconf --kill all', folder, { GNUPGHOME: keys })
      rmSync(keys, { recursive: true, force: true })
    })
    const environment = { GNUPGHOME: keys }
    const make =
      "gpg --quick-generate-key 'Office <o@edu.example>' ed25519 sign 2y && gpg --armor --export-secret-keys > key.asc"
    t.match(shell(make, folder, environment), { code: 0 })
    writeFileSync(join(folder, 'passphrase'), 'for-this-test\n')
    const signing = ['--sign', join(folder, 'key.asc'), '--passphrase-file', join(folder, 'passphrase')]
    const about = ['--dataset', 'school-calendar', '--edition', '2027', '--out', join(folder, 'bag.zip')]
    const created = await runCli(['bundle', 'create', join(folder, 'calendar.csv'), ...about, ...signing], {})
    t.equal(created.code, 0, created.stderr)
    const looked = shell(
      `unzip -tqq bag.zip && unzip -q bag.zip && cd school-calendar-*/ &&
     sha256sum --strict -c manifest-sha256.txt tagmanifest-sha256.txt &&
     gpg --verify tagmanifest-sha256.txt.asc tagmanifest-sha256.txt`,
      folder,
      environment,
    )
    t.equal(looked.code, 0, looked.text)
    t.match(looked.text, /data\/calendar\.csv: OK/)
    t.match(looked.text, /Good signature/)
  },
)

t.test(
  'a bag made step by step by the page for Linux is accepted',
  { skip: without('unzip', 'zip', 'sha256sum', 'gpg') },
  async (t) => {
    const folder = t.testdir({})
    const keys = keyFolder()
    t.teardown(() => {
      shell('gpgconf --kill all', folder, { GNUPGHOME: keys })
      rmSync(keys, { recursive: true, force: true })
    })
    const blocks = blocksOf('docs/make-a-bag-linux.md', 'sh')
    t.equal(blocks.length, 7, 'one block per step')
    const followed = shell(blocks.join('\n'), folder, { GNUPGHOME: keys })
    t.equal(followed.code, 0, followed.text)
    t.match(followed.text, /No errors detected/)
    const zip = join(folder, 'calendar-2027.zip')
    const key = join(folder, 'edu-public-key.asc')
    const { context, findingsOf } = await openTestContext(t, {
      at: new Date().toISOString(),
      settings: { QINGDAN_UNSIGNED: 'refuse' },
    })
    const bring = async () => {
      const { id } = await receive(context, { path: zip, broughtBy: 'cli:test' })
      return takeBundle(context, id)
    }
    const early = await bring()
    t.equal(early.state, 'refused', 'before the key is registered')
    t.match(await findingsOf(early), [{ check: 'signature-unknown-key' }])
    const { fingerprint, userIds, armored: publicKey } = await readPublicKey(readFileSync(key, 'utf8'))
    const request = { fingerprint, publicKey, userIds, provider: 'edu-commission' }
    await addSigner(context.database, request, { clock: context.clock, actor: 'cli:test' })
    t.match(await bring(), { state: 'staged', files: [{ file: 'data/rows.csv', rowsTaken: 3 }] })
  },
)

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The output of `certutil -hashfile` on Windows 7 and Windows 11, in English and Chinese. */
const certutil: Readonly<Record<string, (path: string, digest: string) => string>> = {
  'Windows 11': (path, digest) =>
    `SHA256 hash of ${path}:\r\n${digest}\r\nCertUtil: -hashfile command completed successfully.\r\n`,
  'Windows 11 in Chinese': (path, digest) =>
    `SHA256 的 ${path} 哈希:\r\n${digest}\r\nCertUtil: -hashfile 命令成功完成。\r\n`,
  'Windows 7': (path, digest) =>
    `SHA256 hash of file ${path}:\r\n${digest.replace(/..(?=.)/g, '$& ')}\r\nCertUtil: -hashfile command completed successfully.\r\n`,
}

/** The page's words: "The second one is the digest; older versions of Windows write blanks in it". */
const bySecondLine = (output: string) => (output.split('\r\n')[1] ?? '').replaceAll(' ', '')

/** The texts that the commands of the page for Windows save, by name, as `Save` writes them. */
function savedTexts(): Readonly<Record<string, string>> {
  const script = blocksOf('docs/make-a-bag-windows.md', 'powershell').join('\n')
  const embedded = /Save 'datapackage\.json' @'\n([\s\S]*?)\n'@/.exec(script)?.[1] ?? ''
  const bagit = /Save 'bagit\.txt' "(.*)"/.exec(script)?.[1] ?? ''
  return { 'datapackage.json': embedded, 'bagit.txt': bagit.replaceAll('`n', '\n') }
}

interface WindowsBag {
  readonly digestOf?: (path: string, bytes: Buffer) => string
  /** Writes a text into a file of the bag. */
  readonly save?: (name: string, text: string) => Buffer
  readonly change?: (files: Map<string, Buffer>) => void
  readonly separator?: '/' | '\\'
  readonly slash?: '/' | '\\'
}

/** A bag after the steps of the page. */
function windowsZip({
  digestOf = (_path, bytes) => sha256(bytes),
  save = (_name, text) => Buffer.from(text),
  change,
  separator = '/',
  slash = '/',
}: WindowsBag = {}): Buffer {
  const files = new Map<string, Buffer>()
  // As Excel writes "CSV UTF-8": a byte order mark and CRLF.
  files.set('data/rows.csv', Buffer.from(`\ufeff${calendar.replaceAll('\n', '\r\n')}`))
  for (const [name, text] of Object.entries(savedTexts())) files.set(name, save(name, text))
  files.set('bag-info.txt', save('bag-info.txt', `Payload-Oxum: ${files.get('data/rows.csv')?.length}.1\n`))
  const line = (path: string) =>
    `${digestOf(path.replace('/', '\\'), files.get(path) ?? Buffer.alloc(0))}  ${path.replaceAll('/', slash)}\n`
  files.set('manifest-sha256.txt', save('manifest-sha256.txt', line('data/rows.csv')))
  const tags = ['bag-info.txt', 'bagit.txt', 'datapackage.json', 'manifest-sha256.txt']
  files.set('tagmanifest-sha256.txt', save('tagmanifest-sha256.txt', tags.map(line).join('')))
  change?.(files)
  const entries = [...files].map(
    ([path, data]): RawEntry => ({ name: `calendar-2027/${path}`.replaceAll('/', separator), data }),
  )
  return rawZip(entries)
}

const config = loadConfig({})
const contracts = await loadAllContracts(config)

/** The findings of `qingdan bundle verify`, without starting a process. */
const receiptsOf = async (folder: string, zip: Buffer) => {
  const path = join(folder, 'calendar-2027.zip')
  writeFileSync(path, zip)
  const options = { contracts, config, progress: () => {}, signature: 'none' as const }
  const found: Finding[] = []
  for await (const { report } of checkBundles([path], options)) found.push(...report.findings)
  return found.filter(({ severity }) => severity === 'error').map(({ check }) => check)
}

t.test('the documented output of the commands of the page for Windows is accepted', async (t) => {
  const folder = t.testdir({})
  const script = blocksOf('docs/make-a-bag-windows.md', 'powershell').join('\n')
  for (const step of [
    /New-Object System\.Text\.UTF8Encoding \$false/,
    /\.Replace\("`r`n", "`n"\)/,
    /Save 'bag-info\.txt' "Payload-Oxum: \$sum\.\$\(@\(\$files\)\.Count\)`n"/,
    /\.Hash\.ToLower\(\) \+ ' {2}' \+ \$path\.Replace\('\\', '\/'\) \+ "`n"/,
    /'bag-info\.txt', 'bagit\.txt', 'datapackage\.json', 'manifest-sha256\.txt'/,
  ]) {
    t.match(script, step, 'the page contains the commands simulated here')
  }
  const crlf = (_name: string, text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
  const shapes: Readonly<Record<string, WindowsBag>> = {
    'PowerShell, by Save': {},
    'Get-FileHash without ToLower': { digestOf: (_path, bytes) => sha256(bytes).toUpperCase() },
    'Notepad, with its line ends': { save: crlf },
    ...Object.fromEntries(
      Object.entries(certutil).map(([name, print]): [string, WindowsBag] => [
        `certutil of ${name}, by Notepad`,
        { digestOf: (path, bytes) => bySecondLine(print(path, sha256(bytes))), save: crlf },
      ]),
    ),
  }
  for (const [name, bag] of Object.entries(shapes)) {
    t.same(await receiptsOf(folder, windowsZip(bag)), [], name)
  }
})

t.test('mistakes on Windows give the findings that the page names, with a hint what to do', async (t) => {
  const folder = t.testdir({})
  const manifests = /manifest-sha256/
  const unsaved = (make: (text: string) => Buffer) => (name: string, text: string) =>
    manifests.test(name) ? make(text) : Buffer.from(text)
  const mistakes: readonly WindowsBag[] = [
    { save: unsaved((text) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le')) },
    { save: unsaved((text) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`)) },
    { slash: '\\' },
    { separator: '\\' },
    { change: (files) => void files.set('data/rows.csv', Buffer.from(calendar)) },
    {
      change: (files) => {
        files.set('data/Thumbs.db', Buffer.from('x'))
        const line = `${sha256('x')}  data/Thumbs.db\n`
        files.set(
          'manifest-sha256.txt',
          Buffer.concat([files.get('manifest-sha256.txt') ?? Buffer.alloc(0), Buffer.from(line)]),
        )
        files.delete('tagmanifest-sha256.txt')
        files.delete('bag-info.txt')
      },
    },
  ]
  const documented = [
    ...readFileSync('docs/make-a-bag-windows.md', 'utf8').matchAll(/\| `([a-z-]+)` \|$/gm),
  ].map(([, check]) => check)
  t.equal(documented.length, mistakes.length)
  for (const [n, bag] of mistakes.entries()) {
    const checks = await receiptsOf(folder, windowsZip(bag))
    t.ok(checks.includes(documented[n] ?? ''), `${documented[n]} among ${checks.join(', ')}`)
  }
})

t.test(
  'a ZIP by the tar of Windows, which is libarchive, is accepted',
  { skip: without('bsdtar', 'unzip') },
  async (t) => {
    const folder = t.testdir({})
    writeFileSync(join(folder, 'made.zip'), windowsZip())
    const [, command = ''] =
      /^(tar\.exe -a -c .*)$/m.exec(blocksOf('docs/make-a-bag-windows.md', 'bat').join('\n')) ?? []
    mkdirSync(join(folder, 'work'))
    const packed = shell(
      `unzip -q ../made.zip && ${command.replace('tar.exe', 'bsdtar')}`,
      join(folder, 'work'),
    )
    t.equal(packed.code, 0, packed.text)
    t.same(await receiptsOf(folder, readFileSync(join(folder, 'work', 'calendar-2027.zip'))), [])
  },
)
