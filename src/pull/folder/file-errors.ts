/** What the file system says of a target, as refusals that name what to do. */
import { PullRefusal, type PullRefusalCode } from '../problems.ts'

const codes: Readonly<Record<string, PullRefusalCode>> = {
  ENOSPC: 'target-full',
  EDQUOT: 'target-full',
  EFBIG: 'target-full',
  EACCES: 'target-refused',
  EPERM: 'target-refused',
  EROFS: 'target-refused',
  ENOTDIR: 'target-refused',
}

/** The refusal that an error of the file system means; any other error as it is. */
export function asTargetFault(error: unknown): unknown {
  const { code, path } = Object(error) as { readonly code?: unknown; readonly path?: unknown }
  const refused = typeof code === 'string' ? codes[code] : undefined
  if (refused === undefined) return error
  const where = typeof path === 'string' ? ` (${path})` : ''
  return new PullRefusal(refused, `The file system says ${String(code)}${where}.`, { cause: error })
}
