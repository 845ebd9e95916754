/**
 * The arguments of Node that run one of our TypeScript files as a process: compiled if the runner has
 * compiled the tests, otherwise by tsx.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `path` is relative to the root, such as `src/main.ts`. */
export function program(path: string): readonly string[] {
  const compiled = process.env['TEST_COMPILED']
  if (compiled === undefined) return ['--import=tsx', join(root, path)]
  return [join(compiled, path.replace(/\.ts$/, '.js'))]
}
