/** A real nginx before a service of ours, on the loopback, with a configuration and a folder of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { installed, temporaryFolder } from './tools.ts'

/** Whether nginx is here: else what to print for it. */
export const withoutNginx = installed('nginx') ? false : 'nginx is not installed: apt-get install nginx-light'

export interface Nginx {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts nginx as docs/deploy.md has it: everything goes to the service, and files are sent from their folder. */
export async function startNginx(asked: {
  readonly service: string
  readonly prefix: string
  readonly files: string
}): Promise<Nginx> {
  const folder = await temporaryFolder('nginx')
  const port = await freePort()
  await mkdir(join(folder, 'temp'))
  await writeFile(join(folder, 'nginx.conf'), configuration(asked, folder, port))
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
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; user ${userInfo().username};
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${service}; }
        location ${prefix}/ {
          internal; alias ${files}/;
          sendfile on; etag off; max_ranges 1;
          add_header ETag $upstream_http_etag;
          add_header Repr-Digest $upstream_http_repr_digest;
          add_header Access-Control-Allow-Origin $upstream_http_access_control_allow_origin;
        }
      }
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

/** Waits until something listens; a refused connection is tried again at once, for nginx takes but milliseconds. */
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
