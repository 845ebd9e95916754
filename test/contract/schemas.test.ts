/**
 * The shipped schemas are valid JSON Schema 2020-12. Running code compiles them without the metaschema, for
 * speed, so this test finds errors in them.
 */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { Descriptor } from '../../src/bundle/core/bag/descriptor.ts'
import { ExportPurpose } from '../../src/bundle/node/signed-version/descriptor.ts'
import { CarriedChangeSchema, CarriedVersionSchema, checks } from '../../src/contract/index.ts'
import { disclosureRules } from '../../src/disclosure/index.ts'
import { contractTypes, contractTypesFile } from '../support/contract-types.ts'

const contractSchema: unknown = JSON.parse(readFileSync('datasets/contract.schema.json', 'utf8'))

const schemas: readonly (readonly [name: string, schema: unknown])[] = [
  ['datasets/contract.schema.json', contractSchema],
  ['datapackage.json', Descriptor],
  ['datapackage.json of an export', ExportPurpose],
  ['Change of an export', CarriedChangeSchema],
  ['Version of an export', CarriedVersionSchema],
  ...checks.map(({ name, parameters }) => [`check ${name}`, parameters] as const),
  ...[...disclosureRules.values()].map(({ name, parameters }) => [`rule ${name}`, parameters] as const),
]

const ajv = new Ajv2020()
for (const [name, schema] of schemas) {
  t.ok(ajv.validateSchema(schema as object), `${name}: ${ajv.errorsText()}`)
}
t.notOk(ajv.validateSchema({ minLength: '3' }), 'the metaschema does refuse')

t.equal(
  readFileSync(contractTypesFile, 'utf8'),
  contractTypes(),
  'the types of a contract are those of its schema: renew them by `npm run contract-types`',
)
