/** Makes types of the OpenAPI documents that it is given: `a.json` becomes `a.ts`. One start for all of them. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

for (const name of process.argv.slice(2)) {
  const types = await openapiTS(pathToFileURL(resolve(name)))
  writeFileSync(name.replace(/\.\w+$/, '.ts'), astToString(types))
}
