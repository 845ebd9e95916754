/** `qingdan preview`: creates, lists and revokes the tokens that show a prepared draft before its release. */

import { addresses, listPreviews, previewDaysDefault } from '../../catalogue/index.ts'
import { parseSpan } from '../../platform/time.ts'
import { openPreview, revokePreview } from '../../publication/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'
import { editionName, type NameOptions } from './edition-name.ts'
import { getOpen } from './publications.ts'

export interface PreviewOptions extends Common, NameOptions {
  readonly expires?: string
  readonly list?: boolean
  readonly revoke?: string
}

export async function preview(
  first: string | undefined,
  second: string | undefined,
  options: PreviewOptions,
): Promise<number> {
  const { dataset, edition } = editionName([first, second], options)
  const milliseconds = parseSpan(options.expires ?? `${previewDaysDefault}d`)
  if (milliseconds === undefined) throw new UsageError('--expires takes a span such as 30m, 12h or 7d.')
  return withContext(async (context) => {
    if (options.revoke !== undefined) {
      const known = await revokePreview(context, options.revoke, actor())
      print.result(options, { id: options.revoke, revoked: known }, () =>
        print.line(known ? `The preview ${options.revoke} is revoked.` : 'Preview not found.'),
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
    const created = await openPreview(context, { id, actor: actor(), milliseconds })
    const address = addresses(context.config).version({ dataset, edition, number: version })
    const href = `${address}?preview=${created.token}`
    print.result(options, { ...created, version, href }, () => {
      print.line(href)
      print.refusal(
        `Valid until ${created.expiresAt.toISOString()}; shown only once. Its id is ${created.id}.`,
      )
    })
    return exitCodes.ok
  })
}
