/** The limits of the puller, each with its reason. */

/** Changes per request: the feed's maximum. */
export const pageChangesMax = 1_000

/** Seconds to wait at the feed with `--follow`: the source's maximum, below the timeouts of proxies. */
export const waitSeconds = 50

/** Default number of retries of a request; with the pauses below about half a minute. */
export const retriesDefault = 6

/** The first pause before a retry; each further one is twice as long. */
export const pauseMilliseconds = 500

/** The longest pause between retries, unless the source sends Retry-After. */
export const pauseMillisecondsMax = 60_000

/**
 * The longest pause accepted from Retry-After: a rate limit ends within a minute, a repair within several.
 */
export const retryAfterSecondsMax = 600

/**
 * Seconds until a response must begin, in addition to the requested wait: the source may have to pack a bag
 * first.
 */
export const answerSeconds = 120

/** Seconds without a byte after which a download is resumed. */
export const stallSeconds = 60

/** Longest response held in memory: a page of changes of some kilobytes each, or a contract. */
export const answerBytesMax = 64 << 20

/** Redirects within the source that one request may follow. */
export const redirectsMax = 5

/** Bytes of a version's bag besides its files: contracts, code lists, manifests and ZIP overhead. */
export const bagOverheadBytesMax = 256 << 20

/** How long a pull waits for the schema lock of one that was just killed. */
export const lockPatienceMilliseconds = 5_000

/** A folder lock not renewed for this long is stale, if its holder's process cannot be checked. */
export const lockStaleMilliseconds = 60_000

/** How often a lock is renewed: several times before it becomes stale. */
export const lockRenewMilliseconds = 10_000

/** The default schema of a copy in Postgres. */
export const schemaUsual = 'qingdan_copy'
