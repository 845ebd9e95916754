/** Asks for a confirmation in a terminal. Without one, the act needs `--yes`. */
import { createInterface } from 'node:readline/promises'
import { UsageError } from '../command.ts'
import { localised, phrase } from '../phrases.ts'

/** Whether the act may go on. Throws UsageError without a terminal and without `--yes`. */
export async function confirm(question: string, isSure: boolean | undefined): Promise<boolean> {
  if (isSure === true) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError('There is no terminal to confirm it in: add --yes.')
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(
      `${localised(question)} ${phrase('This can not be undone. Type yes to go on:')} `,
    )
    return answer.trim().toLowerCase() === 'yes'
  } finally {
    lines.close()
  }
}
