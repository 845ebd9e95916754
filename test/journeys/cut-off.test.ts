/**
 * Work that is cut off beside or inside a running service: a publication whose command is killed, and a
 * service that a closed terminal ends.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'
import { contractOf, field } from '../support/fields.ts'
import { temporaryFolder, writeBag, writeDatasets } from '../support/open-test-context.ts'
import { binary, foreign, plainly, runCli } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const dataset = 'kite-register'
const rows = 60_000
const folder = await temporaryFolder(t)
// The account that runs PostgreSQL under root must be able to enter this folder.
await chmod(folder, 0o755)
const datasets = join(folder, 'datasets')
const required = { constraints: { required: true } }
await writeDatasets(datasets, [
  contractOf([field('name', 'string', { role: 'key', ...required }), field('size', 'integer')], ['name'], {
    dataset,
    themes: ['education'],
  }),
])
const data = join(folder, 'var')
const environment = { QINGDAN_DATA: data, QINGDAN_DATASETS: datasets, QINGDAN_UNSIGNED: 'allow' }

/** Publishes an edition by a command and kills it; null if it ended before the signal came. */
async function killPublishing(edition: string): Promise<string | null> {
  const text = Array.from({ length: rows }, (_, n) => `k${n},${n}\n`).join('')
  const bag = await writeBag(folder, { dataset, edition, rows: `name,size\n${text}` })
  t.equal((await runCli(['ingest', bag], environment)).code, 0)
  const [command, ...args] = plainly(process.execPath, [binary, 'publish', dataset, edition])
  const child = spawn(command, args, {
    env: { ...foreign(), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'close')
  let output = ''
  for await (const chunk of child.stderr) {
    output += String(chunk)
    if (/: (derive|control|publish|assemble)/.test(output)) break
  }
  child.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, string | null]
  return signal
}

t.test('a publication whose command is killed is taken up by the running service', async (t) => {
  const service = await spawnService(t, environment)
  // On a busy machine a command may end before the signal reaches it; then the next edition is tried.
  let edition = 2025
  while ((await killPublishing(String(edition))) === null && edition < 2030) edition += 1
  t.ok(edition < 2030, 'a command was killed in the middle of its work')
  const killed = performance.now()
  await service.line(({ event, edition: of }) => event === 'version-published' && of === String(edition))
  t.comment(`done ${Math.round(performance.now() - killed)} ms after the kill`)
  const answer = await fetch(`${service.base}/v1/datasets/${dataset}/editions/${edition}/versions/1`)
  t.match(await answer.json(), { records: rows })
  const hungUp = await service.stop('SIGHUP')
  t.equal(hungUp.code, 0, 'SIGHUP ends the service as SIGTERM does')
  t.match(hungUp.output, /Stopping/)
  const { home } = await findClusterLocation(data, () => undefined)
  t.equal(await findPostmaster(join(home, 'database', 'cluster')), undefined, 'no database is left running')
})
