/** The limits on bundles, from the settings. */
import type { Config } from '../base/config.ts'
import type { BundleLimits } from '../bundle/index.ts'

export function bundleLimits(config: Config): BundleLimits {
  return {
    filesMax: config.QINGDAN_BUNDLE_FILES_MAX,
    bytesMax: config.QINGDAN_BUNDLE_BYTES_MAX,
    inflationMax: config.QINGDAN_BUNDLE_INFLATION_MAX,
    rowsMax: config.QINGDAN_BUNDLE_ROWS_MAX,
    fieldBytesMax: config.QINGDAN_FIELD_BYTES_MAX,
  }
}
