/** The dataset, edition and version that a command line names, as arguments or as options. */
import { UsageError } from '../command.ts'
import { phrase } from '../phrases.ts'

/** The options that may replace the arguments. */
export interface NameOptions {
  readonly dataset?: string
  readonly edition?: string
  readonly version?: string
}

interface EditionName {
  readonly dataset: string
  readonly edition: string
}

/** The edition that is named. Throws UsageError if a name is missing or one too many is given. */
export function editionName(words: readonly (string | undefined)[], options: NameOptions): EditionName {
  const [dataset = '', edition = ''] = fill(words, [options.dataset, options.edition])
  if (dataset === '' || edition === '')
    throw new UsageError(
      phrase('Name the dataset and the edition: <dataset> <edition>, or --dataset and --edition.'),
    )
  return { dataset, edition }
}

/** As editionName, with the number of a version. */
export function versionName(
  words: readonly (string | undefined)[],
  options: NameOptions,
): EditionName & { readonly version: number } {
  const [dataset = '', edition = '', version = ''] = fill(words, [
    options.dataset,
    options.edition,
    options.version,
  ])
  if (dataset === '' || edition === '' || version === '')
    throw new UsageError(
      phrase(
        'Name the dataset, the edition and the version: <dataset> <edition> <version>, or --dataset, --edition and --version.',
      ),
    )
  if (!/^[1-9]\d{0,5}$/.test(version)) throw new UsageError(phrase('The version is a number such as 1.'))
  return { dataset, edition, version: Number(version) }
}

/** The options, with the arguments in their order where an option is missing. */
function fill(
  words: readonly (string | undefined)[],
  named: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const left = words.filter((word) => word !== undefined)
  const filled = named.map((option) => option ?? left.shift())
  if (left.length === 0) return filled
  throw new UsageError(
    phrase`${left.join(' ')} is one name too many: give each name as an argument or as an option.`,
  )
}
