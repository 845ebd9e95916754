/** The plain CSV, gzipped. The gzip header has no time, so that equal records give equal bytes. */
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { RecodedFormat } from './format.ts'

export const csvGzip: RecodedFormat = {
  name: 'csv.gz',
  mediaType: 'application/gzip',
  from: 'csv',
  async *recode({ read }) {
    const gzip = createGzip({ level: 6, chunkSize: 1 << 16 })
    const source = Readable.from(read(), { objectMode: false })
    source.on('error', (error) => gzip.destroy(error))
    try {
      for await (const chunk of source.pipe(gzip)) yield chunk as Buffer
    } finally {
      source.destroy()
      gzip.destroy()
    }
  },
}
