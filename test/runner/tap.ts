/**
 * What `tap` means in compiled test files: several of them run in one process, one after the other, each inside a
 * test of its own. So a file's root is that test: it ends, and its teardown runs, before the next file begins.
 */
import root, { type Test } from 'tap'

/** The test of the file that runs. */
const running: { file: Test } = { file: root }

const t = new Proxy(root, {
  get: (_, name) => {
    const value: unknown = Reflect.get(running.file, name)
    return typeof value === 'function' ? value.bind(running.file) : value
  },
})

// biome-ignore lint/style/noDefaultExport: so has tap.
export default t
export const test = ((...given: Parameters<Test['test']>) => running.file.test(...given)) as Test['test']

/** Lets the process run as long as the files need, which have a timeout each. */
export function setUp(): void {
  root.setTimeout(0)
}

/** Runs a file, named for a reader, in a test of its own. */
export async function runFile(name: string, load: () => Promise<unknown>): Promise<void> {
  await root.test(name, { timeout: Number(process.env['TAP_TIMEOUT']) * 1000 }, async (file) => {
    running.file = file
    await load()
  })
  running.file = root
}
