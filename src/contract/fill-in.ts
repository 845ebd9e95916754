/**
 * The marker of texts that only a person can write. `qingdan contract draft` puts it before them, and no contract
 * or code list that still contains it is loaded.
 */
import type { Complaint } from './contract-errors.ts'

export const fillInMarker = '【待填 fill in】'

/** The complaint about a text with the marker. */
export const fillInMessage = `replace ${fillInMarker} and what follows it by your text`

/** Complaints about the texts of a document that have the marker. */
export function* unfilledTexts(value: unknown, at = ''): Generator<Complaint> {
  if (typeof value === 'string') {
    if (value.includes(fillInMarker)) yield [at, fillInMessage]
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* unfilledTexts(inner, `${at}/${name}`)
  }
}
