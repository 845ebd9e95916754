/**
 * A real nginx in front of a service of ours, on the loopback, with a configuration and a folder of its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { installed, temporaryFolder } from './tools.ts'

/** False if nginx is installed, otherwise the reason to skip. */
export const withoutNginx = installed('nginx') ? false : 'nginx is not installed: apt-get install nginx-light'

export interface Nginx {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts nginx by docs/nginx.conf, with these addresses in place of those in the file. */
export async function startNginx(settings: {
  readonly service: string
  readonly prefix: string
  readonly files: string
}): Promise<Nginx> {
  const folder = await temporaryFolder('nginx')
  const port = await freePort()
  await mkdir(join(folder, 'temp'))
  await writeFile(join(folder, 'nginx.conf'), configuration(settings, folder, port))
  const options = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const child = spawn('nginx', options, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  const close = async () => {
    child.kill('SIGQUIT')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const up = await Promise.race([listening(port), ended.then(() => false)])
  if (!up) throw new Error('nginx did not start')
  return { url: `http://127.0.0.1:${port}`, close }
}

function configuration(
  { service, prefix, files }: { service: string; prefix: string; files: string },
  folder: string,
  port: number,
): string {
  const block = readFileSync(new URL('../../docs/nginx.conf', import.meta.url), 'utf8')
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('http://127.0.0.1:8080', service)
    .replace('/_files/', `${prefix}/`)
    .replace('/srv/qingdan/var/files/', `${files}/`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; user ${userInfo().username};
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
      ${block}
    }`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/**
 * Waits until something listens; a refused connection is retried at once, because nginx needs only
 * milliseconds.
 */
async function listening(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 10_000; attempt += 1) {
    const socket = createConnection(port, '127.0.0.1')
    const up = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (up) return true
    await new Promise(setImmediate)
  }
  return false
}
