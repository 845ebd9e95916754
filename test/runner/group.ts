/**
 * Runs several test files in one process, one after the other, and announces each by a comment. For files
 * that share no state: pure modules, whose start would take longer than their tests. None of them may use the
 * root's `t.teardown`, after which tap ends as soon as nothing runs.
 */
import { pathToFileURL } from 'node:url'
import t from 'tap'

// Not as arguments: tap names its folders after these.
for (const file of (process.env['TEST_GROUP'] ?? '').split('\n')) {
  t.comment(`file ${file}`)
  await import(pathToFileURL(file).href)
}
