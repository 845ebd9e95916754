/** One sample file: its dataset, edition and provider, and its rows, generated while they are written. */

export type Cell = string | number

export interface SamplePart {
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly header: readonly string[]
  readonly rows: () => Iterable<readonly Cell[]>
}

/** The bytes of a part as CSV (RFC 4180, LF, no byte order mark), in pieces of about 64 kB. */
export function* csvPieces({ header, rows }: SamplePart): Generator<string> {
  let piece = `${header.join(',')}\n`
  for (const row of rows()) {
    piece += `${row.map(quoted).join(',')}\n`
    if (piece.length < 65536) continue
    yield piece
    piece = ''
  }
  yield piece
}

function quoted(cell: Cell): string {
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
