/** `qingdan preview`: makes, lists and revokes the tokens that show a prepared draft before it is released. */

import { addresses, listPreviews, previewDaysDefault, previewDaysMax } from '../../catalogue/index.ts'
import { parseSpan } from '../../platform/time.ts'
import { openPreview, revokePreview } from '../../publication/index.ts'
import {
  type AddCommand,
  actor,
  type Common,
  command,
  exitCodes,
  UsageError,
  withContext,
} from '../command.ts'
import { print, table } from '../output.ts'
import { getOpen } from './publications.ts'

interface PreviewOptions extends Common {
  readonly expires?: string
  readonly list?: boolean
  readonly revoke?: string
}

export const previewCommand: AddCommand = (program, end) => {
  command(program, 'preview', 'make an address that shows a draft before it is released')
    .argument('<dataset>')
    .argument('<edition>')
    .option('--expires <span>', `how long it holds: 30m, 12h, 7d; ${previewDaysDefault}d without it`)
    .option('--list', 'the previews that the draft has, without their tokens')
    .option('--revoke <id>', 'let one hold no longer')
    .addHelpText(
      'after',
      `
Only what waits to be released can be shown: it has passed disclosure control, its records are loaded and its files
written (qingdan publish --at, or a contract that asks for an approval). Whoever has the address sees that version, its
records and its files, and no other; it is in no list and no search. At most ${previewDaysMax}d. The token is printed this once.`,
    )
    .action(async (dataset: string, edition: string, options: PreviewOptions) =>
      end(await preview(dataset, edition, options)),
    )
}

async function preview(dataset: string, edition: string, options: PreviewOptions): Promise<number> {
  const milliseconds = parseSpan(options.expires ?? `${previewDaysDefault}d`)
  if (milliseconds === undefined) throw new UsageError('--expires takes a span such as 30m, 12h or 7d.')
  return withContext(async (context) => {
    if (options.revoke !== undefined) {
      const known = await revokePreview(context, options.revoke, actor())
      print.result(options, { id: options.revoke, revoked: known }, () =>
        print.line(known ? `The preview ${options.revoke} holds no longer.` : 'There is no such preview.'),
      )
      return known ? exitCodes.ok : exitCodes.problem
    }
    const { id, version, versionId } = await getOpen(context, dataset, edition)
    if (options.list === true) {
      const previews = await listPreviews(context.database.work, versionId)
      print.result(options, previews, () =>
        table(previews, ['id', 'createdAt', 'createdBy', 'expiresAt', 'revokedAt']),
      )
      return exitCodes.ok
    }
    const made = await openPreview(context, { id, actor: actor(), milliseconds })
    const address = addresses(context.config).version({ dataset, edition, number: version })
    const href = `${address}?preview=${made.token}`
    print.result(options, { ...made, version, href }, () => {
      print.line(href)
      print.refusal(
        `It holds until ${made.expiresAt.toISOString()} and is shown this once. Its id is ${made.id}.`,
      )
    })
    return exitCodes.ok
  })
}
