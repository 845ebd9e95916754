/** The limits of every bundle, whoever brings it. */
import type { Config } from '../../../platform/config.ts'

export interface BundleLimits {
  readonly filesMax: number
  /** Bytes once unpacked. */
  readonly bytesMax: number
  /** How many times its packed size an entry of a ZIP may unpack to. */
  readonly inflationMax: number
  readonly rowsMax: number
  readonly fieldBytesMax: number
  /** Findings stored. */
  readonly findingsMax: number
  /** Findings after which validation stops if they exceed the tolerance, so that more change nothing. */
  readonly findingsCountedMax: number
  /** Bags that may form one bundle together. */
  readonly bagsMax: number
}

/** The limits from the settings. */
export function limitsOf(config: Config): BundleLimits {
  return {
    filesMax: config.QINGDAN_BUNDLE_FILES_MAX,
    bytesMax: config.QINGDAN_BUNDLE_BYTES_MAX,
    inflationMax: config.QINGDAN_BUNDLE_INFLATION_MAX,
    rowsMax: config.QINGDAN_BUNDLE_ROWS_MAX,
    fieldBytesMax: config.QINGDAN_FIELD_BYTES_MAX,
    findingsMax: config.QINGDAN_FINDINGS_MAX,
    findingsCountedMax: config.QINGDAN_FINDINGS_COUNTED_MAX,
    bagsMax: config.QINGDAN_GROUP_BAGS_MAX,
  }
}
