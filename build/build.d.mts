/** Types of build.mjs, for the tests. */
export const root: string
export const entries: readonly string[]
export function build(options: {
  readonly entries: readonly string[] | Readonly<Record<string, string>>
  readonly outdir: string
  readonly from?: string
  readonly packages?: 'bundle' | 'external'
  readonly outbase?: string
  readonly [option: string]: unknown
}): Promise<unknown>
export class BuildRefusal extends Error {}
