/** The definition of a check: its severity, and one sentence per language that says what to do. */
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
