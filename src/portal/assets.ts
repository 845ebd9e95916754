/** Static files of the portal, read from `assets/`. Only listed names are served. */
import { readFile } from 'node:fs/promises'
import { packageFile } from '../platform/package-root.ts'

export const assets = {
  'portal.css': 'text/css; charset=utf-8',
  'copy.js': 'text/javascript; charset=utf-8',
  'near.js': 'text/javascript; charset=utf-8',
  'docs.js': 'text/javascript; charset=utf-8',
  'docs.css': 'text/css; charset=utf-8',
  'logo.svg': 'image/svg+xml; charset=utf-8',
} as const

export type AssetName = keyof typeof assets

/** The text of an asset. */
export function readAsset(name: AssetName): Promise<string> {
  return readFile(packageFile(`src/portal/assets/${name}`), 'utf8')
}
