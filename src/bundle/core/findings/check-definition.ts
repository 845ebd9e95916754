/** What a list of faults is made of: how severe each is, and the one sentence in each language that says what to do. */
import type { Severity } from '../../../platform/finding.ts'

export interface FaultKind {
  readonly severity?: Severity
  readonly message: string
  readonly messageZh: string
}

export const kind = (message: string, messageZh: string, severity: Severity = 'error'): FaultKind => ({
  severity,
  message,
  messageZh,
})
