/** A private nginx that serves one bench folder by sendfile on the loopback; the system's is untouched. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { BenchContext } from './context.ts'

/** Starts nginx over a folder and returns its address. */
export async function startNginx(context: BenchContext, folder: string): Promise<string> {
  const program = context.tools.get('nginx')
  if (program === undefined) throw new Error('nginx was not found')
  const prefix = join(context.folder, 'nginx')
  await mkdir(prefix)
  const port = await freePort()
  await writeFile(join(prefix, 'nginx.conf'), configuration(prefix, port, folder))
  const child = spawn(
    program,
    ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'error.log')],
    {
      stdio: 'ignore',
    },
  )
  const ended = once(child, 'close')
  context.atEnd(async () => {
    child.kill('SIGQUIT')
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; ; attempt += 1) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answers) return url
    if (attempt === attemptsMax || child.exitCode !== null) throw new Error('nginx did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const attemptsMax = 100

function configuration(prefix: string, port: number, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `daemon off; worker_processes 1; pid ${join(prefix, 'pid')}; ${user}
events { worker_connections 64; }
http {
  access_log off; sendfile on; tcp_nopush on; default_type text/csv;
  ${temporary.map((name) => `${name}_temp_path ${join(prefix, name)};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
