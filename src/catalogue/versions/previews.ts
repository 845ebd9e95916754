/**
 * Previews: a token shows a prepared draft before its release. Only a draft that passed disclosure control,
 * with records loaded and files rendered, can have one. A token shows exactly those records; a wrong, expired
 * or revoked token gives the response of an unknown version.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { and, eq, isNull } from 'drizzle-orm'
import type { Runner, Transaction } from '../../db/database.ts'
import { type Digest, digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import type { AppContext } from '../context.ts'
import { edition, preview, version } from '../tables.ts'
import { getVersion, type PublishedVersion, versionColumns } from './published.ts'

/** A draft as a token shows it: like a published version, but without a time of publication. */
type PreviewedVersion = Omit<PublishedVersion, 'state' | 'publishedAt'> & {
  readonly state: 'draft'
  readonly publishedAt: null
}

/** A version that may be served: published, or shown by a token. */
export type ServedVersion = PublishedVersion | PreviewedVersion

/** The requested version by number, and the preview token if there is one. */
interface VersionRequest {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly preview?: string | undefined
}

interface Preview {
  readonly id: string
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date
  readonly revokedAt: Date | null
}

/** Most valid previews of a draft: more than the people who review it before its release. */
const previewsMax = 100

/** A token as `createPreview` writes it; nothing else is looked up. */
const tokenForm = /^qp_([0-9a-f]{18})_([A-Za-z0-9_-]{43})$/

/**
 * The version to serve: with a token the draft that it shows, or the version published from it; without one
 * the published version. Throws like `getVersion`, and `version-not-found` for every invalid token.
 */
export async function findServed(context: AppContext, request: VersionRequest): Promise<ServedVersion> {
  if (request.preview === undefined) return getVersion(context.database, context.config, request)
  return findPreviewed(context, request, request.preview)
}

/** The draft that a token shows. Throws `version-not-found` for every invalid token. */
async function findPreviewed(
  context: Pick<AppContext, 'database' | 'config' | 'clock'>,
  of: { readonly dataset: string; readonly edition: string; readonly version: number },
  token: string,
): Promise<ServedVersion> {
  // The same problem as without a token; and a wrong token does not give access to a published version.
  const none = async (): Promise<never> => {
    await getVersion(context.database, context.config, of)
    throw problem('version-not-found', { path: 'version' })
  }
  const [, id, secret] = tokenForm.exec(token) ?? []
  if (id === undefined || secret === undefined) return none()
  const [row] = await context.database.read
    .select({ ...versionColumns, token: preview.digest, expiresAt: preview.expiresAt })
    .from(preview)
    .innerJoin(version, and(eq(version.id, preview.versionId), eq(version.digest, preview.sha256)))
    .innerJoin(edition, eq(edition.id, version.editionId))
    .where(
      and(
        eq(preview.id, id),
        isNull(preview.revokedAt),
        eq(edition.dataset, of.dataset),
        eq(edition.edition, of.edition),
        eq(version.number, of.version),
      ),
    )
  if (row === undefined) return none()
  const { token: digest, expiresAt, ...found } = row
  const isSame = timingSafeEqual(Buffer.from(digestOf(secret)), Buffer.from(digest as Digest))
  if (!isSame || expiresAt <= context.clock()) return none()
  // After the release the shared link keeps working, and reports a withdrawal.
  if (found.publishedAt !== null) return getVersion(context.database, context.config, of)
  if (found.state !== 'controlled' || found.recordsTable === null) return none()
  return { ...(found as unknown as PublishedVersion), state: 'draft', publishedAt: null }
}

/**
 * Creates a token for a prepared draft and returns it, for this one time. Throws `draft-not-prepared` and
 * `previews-too-many`. Call it in a transaction that writes the audit entry.
 */
export async function createPreview(
  tx: Transaction,
  request: { readonly versionId: number; readonly by: string; readonly at: Date; readonly expiresAt: Date },
): Promise<{ readonly id: string; readonly token: string }> {
  const [draft] = await tx<{ digest: string }[]>`
    SELECT digest FROM qingdan.version
    WHERE id = ${request.versionId} AND state = 'controlled' AND published_at IS NULL AND records_table IS NOT NULL
    FOR UPDATE`
  if (draft === undefined) throw problem('draft-not-prepared')
  const [live] = await tx<{ count: number }[]>`
    SELECT count(*)::int FROM qingdan.preview
    WHERE version_id = ${request.versionId} AND revoked_at IS NULL AND expires_at > ${request.at}
      AND sha256 = ${draft.digest}`
  if ((live?.count ?? 0) >= previewsMax) throw problem('previews-too-many', { limit: previewsMax })
  const id = randomBytes(9).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  await tx`
    INSERT INTO qingdan.preview (id, digest, version_id, sha256, created_at, created_by, expires_at)
    VALUES (${id}, ${digestOf(secret)}, ${request.versionId}, ${draft.digest}, ${request.at}, ${request.by},
      ${request.expiresAt})`
  return { id, token: `qp_${id}_${secret}` }
}

/** The previews of a version, newest first; without secrets and their digests. */
export async function listPreviews(runner: Runner, versionId: number): Promise<readonly Preview[]> {
  return runner<Preview[]>`
    SELECT id, created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt",
      revoked_at AS "revokedAt"
    FROM qingdan.preview WHERE version_id = ${versionId} ORDER BY created_at DESC, id LIMIT 1000`
}

/**
 * Revokes a token from this time on; repeating it changes nothing. Returns false if there is no such token.
 */
export async function revokePreview(tx: Transaction, id: string, at: Date): Promise<boolean> {
  const [found] = await tx`
    UPDATE qingdan.preview SET revoked_at = coalesce(revoked_at, ${at}) WHERE id = ${id} RETURNING id`
  return found !== undefined
}
