/** Progress of a pull. The totals are known from the feed before the first file is fetched. */
export interface PullProgress {
  readonly changes: number
  readonly versions: number
  readonly versionsTotal: number
  readonly bytes: number
  readonly bytesTotal: number
  readonly records: number
  /** True when all changes of the source are applied. */
  readonly isCurrent: boolean
}
