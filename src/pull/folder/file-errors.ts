/** Maps file system errors of a target to refusals with a hint. */
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

/** The refusal for a file system error; any other error unchanged. */
export function asTargetFault(error: unknown): unknown {
  const { code, path } = Object(error) as { readonly code?: unknown; readonly path?: unknown }
  const refused = typeof code === 'string' ? codes[code] : undefined
  if (refused === undefined) return error
  const where = typeof path === 'string' ? ` (${path})` : ''
  return new PullRefusal(refused, `File system error ${String(code)}${where}.`, { cause: error })
}
