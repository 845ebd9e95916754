import t from 'tap'
import { guardTable, refuseUnwritable } from '../../src/annual-lists/file-tables.ts'
import { field } from '../support/fields.ts'

const fields = [field('name', 'string'), field('number', 'integer')]

t.test('only texts are guarded', async (t) => {
  const rows = [
    ['=1+1', '-1'],
    ['＠某', null],
    ['清单', '2'],
    [null, null],
  ]
  t.same(guardTable({ fields, rows }).rows, [
    ["'=1+1", '-1'],
    ["'＠某", null],
    ['清单', '2'],
    [null, null],
  ])
})

t.test('a character that GB18030 cannot encode is refused, naming the field', async (t) => {
  refuseUnwritable({
    fields,
    rows: [
      ['清单', '1'],
      ['𠀀😀', null],
    ],
  })
  const refused = { code: 'parameter-invalid', detail: { path: 'encoding', field: 'name' } }
  t.throws(
    () =>
      refuseUnwritable({
        fields,
        rows: [
          [null, '1'],
          ['\ue5e5', null],
        ],
      }),
    refused,
  )
})
