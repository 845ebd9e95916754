/** How far a pull is, for whoever watches it. */
/** How far a pull is. What is to be brought is known from the feed, before the first file. */
export interface PullProgress {
  readonly changes: number
  readonly versions: number
  readonly versionsTotal: number
  readonly bytes: number
  readonly bytesTotal: number
  readonly records: number
  /** True where all that the source has told is applied. */
  readonly isCurrent: boolean
}
