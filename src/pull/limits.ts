/** The limits of the puller, each with why it is what it is. */

/** Changes that are asked for at once: as many as the feed gives. */
export const pageChangesMax = 1_000

/** Seconds that are waited at the feed with `--follow`: as many as the source allows, below what proxies bear. */
export const waitSeconds = 50

/** Attempts after the first that a request gets by default: with the pauses below about half a minute of patience. */
export const retriesUsual = 6

/** The first pause before a request is made again; each further one is twice as long. */
export const pauseMilliseconds = 500

/** The longest pause that we choose ourselves. */
export const pauseMillisecondsMax = 60_000

/** The longest pause that a source may ask for by Retry-After: a rate limit is over in a minute, a repair in some. */
export const retryAfterSecondsMax = 600

/** Seconds in which an answer has to begin, beside what the source was asked to wait: it may have to pack a bag first. */
export const answerSeconds = 120

/** Seconds without a byte after which a download is begun anew from where it is. */
export const stallSeconds = 60

/** Longest answer that is held in memory: a page of changes at some kilobytes each, or a contract. */
export const answerBytesMax = 64 << 20

/** Redirects within the source that one request follows. */
export const redirectsMax = 5

/** Bytes of a version's bag beside its files: contracts, code lists, manifests, and what a ZIP adds. */
export const bagOverheadBytesMax = 256 << 20

/** How long a pull waits for one that was killed a moment ago to let go of the schema. */
export const lockPatienceMilliseconds = 5_000

/** A folder's lock that was not renewed for so long is nobody's, where its holder can not be looked at. */
export const lockStaleMilliseconds = 60_000

/** How often a lock is renewed: several times before it counts as nobody's. */
export const lockRenewMilliseconds = 10_000

/** The schema that a copy in Postgres goes into where none is named. */
export const schemaUsual = 'qingdan_copy'
