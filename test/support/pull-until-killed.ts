/**
 * A pull that ends itself by SIGKILL, as a crash would: the n-th time it reaches a point, and some
 * milliseconds later. The arguments say what to pull and where to end.
 */
import { pullFrom } from './pull-source.ts'

const [base = '', into = '', killPoint = '', killAt = '1', killAfter = '0'] = process.argv.slice(2)
let seen = 0

function onPoint(point: string): void {
  if (point !== killPoint) return
  seen += 1
  if (seen !== Number(killAt)) return
  if (killAfter === '0') process.kill(process.pid, 'SIGKILL')
  else setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(killAfter))
}

await pullFrom(base, { into, onPoint })
