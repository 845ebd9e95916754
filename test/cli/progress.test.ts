import t from 'tap'
import type { Bag } from '../../src/bundle/index.ts'
import { progressText } from '../../src/cli/display/progress.ts'
import { readPasses, watchRows } from '../../src/ingest/index.ts'

t.test('progress shows rows, estimated total, rate and time left', async (t) => {
  const total = 540_000_000
  const text = (done: number, rows: number, seconds: number) => progressText({ done, total, rows, seconds })
  t.equal(
    text(200_000_000, 1_850_000, 6),
    ' 37 %, 1,850,000 of about 5,000,000 rows, 310,000 rows/s, 11 s left',
  )
  t.equal(text(5_400_000, 50_000, 100), ' 1 %, 50,000 of about 5,000,000 rows, 500 rows/s, 2.8 h left')
  t.equal(text(2_700_000, 25_000, 100), ' 0 %, 25,000 of about 5,000,000 rows, 250 rows/s, 5.5 h left')
  t.equal(text(total, 5_000_000, 16), ' 100 %, 5,000,000 rows, 310,000 rows/s')
})

t.test('nothing is estimated without enough progress', async (t) => {
  t.equal(progressText({ done: 0, seconds: 0 }), '')
  t.equal(progressText({ done: 3, seconds: 0.5 }), ' 3')
  t.equal(progressText({ done: 0, total: 100, seconds: 0.5 }), ' 0 %')
  t.equal(progressText({ done: 1, total: 1_000, rows: 7, seconds: 0.5 }), ' 0 %, 7 rows')
  t.equal(progressText({ done: 50, total: 100, seconds: 0.5 }), ' 50 %')
  t.equal(progressText({ done: 50, total: 100, seconds: 5 }), ' 50 %, 5 s left')
})

t.test(
  'the time left moves without a report; where nothing can be estimated, the time spent does',
  async (t) => {
    const silent = (seconds: number) => progressText({ done: 50, total: 100, seconds: 5, silent: seconds })
    t.same([0, 2, 4, 5, 65].map(silent), [
      ' 50 %, 5 s left',
      ' 50 %, 3 s left',
      ' 50 %, 1 s left',
      ' 50 %, 10 s so far',
      ' 50 %, 70 s so far',
    ])
    t.equal(progressText({ done: 0, total: 100, seconds: 0, silent: 7 }), ' 0 %, 7 s so far')
    t.equal(progressText({ done: 3, seconds: 5 }), ' 3, 5 s so far')
    t.equal(progressText({ done: 0, total: 0, seconds: 0, silent: 120 }), ' 2 min so far')
  },
)

t.test('bytes are counted over all files and readings, rows over all files', async (t) => {
  const bag: Bag = {
    packing: 'folder',
    entries: ['a', 'b'].map((path) => ({ path, bytes: 4 })),
    read: async function* () {
      yield Buffer.from('ab')
      yield Buffer.from('cd')
    },
    close: async () => {},
  }
  for (const times of [readPasses.fast, readPasses.strict]) {
    const reports: (number | undefined)[][] = []
    const watched = watchRows(
      bag,
      times,
      (_step, done, total, rows) => void reports.push([done, total, rows]),
    )
    for (const path of ['a', 'b']) {
      for await (const chunk of watched.bag.read(path)) watched.onProgress({ file: path, rows: chunk.length })
      watched.onProgress({ file: path, rows: 7 })
    }
    t.same(reports.at(-1), [8, 8 * times, times === 1 ? 14 : undefined])
    t.ok(
      reports.every(([done = 0], n) => done >= (reports[n - 1]?.[0] ?? 0)),
      'progress never decreases',
    )
  }
})
