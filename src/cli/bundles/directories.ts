/** The directories that a derivation looks up, as files that an office has downloaded. */
import { basename } from 'node:path'
import { limitsOf } from '../../bundle/index.ts'
import { intakeFields, partsOf } from '../../contract/index.ts'
import type { DirectoryRow } from '../../derivations/index.ts'
import type { CheckContext, Directories } from '../check-bundle.ts'
import { checkBundles } from '../check-bundles.ts'
import { requirePaths, UsageError } from '../command.ts'
import { looseSources, withBag } from './loose-files.ts'

/** Reads `name=file` for a dataset. Throws UsageError for other names, and for a file with errors. */
export async function readDirectoryFiles(
  named: readonly string[],
  { dataset, edition }: { readonly dataset: string; readonly edition: string },
  context: Omit<CheckContext, 'signature' | 'onRows'>,
): Promise<Directories> {
  const wanted = context.contracts.get(dataset).contract.derivation?.directories ?? {}
  const read: Record<string, readonly DirectoryRow[]> = {}
  for (const text of named) {
    const [, name = '', path] = /^([^=]+)=(.+)$/.exec(text) ?? []
    const directory = wanted[name]
    if (path === undefined || directory === undefined) {
      const names = Object.keys(wanted)
      throw new UsageError(
        names.length === 0
          ? `${dataset} looks up no directory: leave out --directory.`
          : `--directory must be name=file; ${dataset} looks up ${names.join(', ')}.`,
      )
    }
    await requirePaths([path])
    read[name] = await readDirectory(path, { dataset: directory, edition }, context)
  }
  return read
}

async function readDirectory(
  path: string,
  { dataset, edition }: { readonly dataset: string; readonly edition: string },
  context: Omit<CheckContext, 'signature' | 'onRows'>,
): Promise<readonly DirectoryRow[]> {
  const { contract } = context.contracts.get(dataset)
  const { contractVersion } = contract
  const bound = Object.entries(contract.kind?.bind ?? {})
  const fields = intakeFields(contract).map(({ name }) => name)
  const rows: DirectoryRow[] = []
  const provider = partsOf(contract)[0]?.provider ?? ''
  const purpose = { dataset, edition, provider, contractVersion, synthetic: false }
  const limits = limitsOf(context.config)
  const files = await looseSources([{ name: basename(path), source: path }], { contract, limits })
  const isInOrder = await withBag({ ...purpose, files, clock: () => new Date() }, async (folder) => {
    const onRows: CheckContext['onRows'] = (batch) => {
      for (const { values } of batch)
        rows.push(
          Object.fromEntries(
            bound.map(([property, field]) => [property, values[fields.indexOf(field)] ?? null]),
          ),
        )
    }
    for await (const { report } of checkBundles([folder], { ...context, signature: 'none', onRows }))
      if (!report.isInOrder) return false
    return true
  })
  if (isInOrder) return rows
  throw new UsageError(
    `${path} is no file of the dataset ${dataset}: download it again as CSV with field names.`,
  )
}
