/**
 * The same question for programs: the address of the API, and short programs that read it. Each runs as it is shown; a
 * test executes those whose language it finds.
 */

export interface Snippet {
  readonly name: string
  /** Identifies it in a page and in tests. */
  readonly id: 'curl' | 'python' | 'r' | 'javascript' | 'power-query'
  readonly code: string
}

/** Programs that read a CSV: all rows, codes as text. */
export function snippetsOf(csv: string, json: string): readonly Snippet[] {
  return [
    { id: 'curl', name: 'curl', code: `curl -o data.csv '${quoted(csv)}'` },
    {
      id: 'python',
      name: 'Python',
      code: `import csv, io, urllib.request

url = "${csv}"
with urllib.request.urlopen(url) as answer:
    rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
print(len(rows))
# pandas: pd.read_csv(url, dtype=str)`,
    },
    {
      id: 'r',
      name: 'R',
      code: `url <- "${csv}"
data <- read.csv(url, colClasses = "character", encoding = "UTF-8")
nrow(data)`,
    },
    {
      id: 'javascript',
      name: 'JavaScript',
      code: `let url = "${json}"
let rows = []
while (url) {
  const page = await (await fetch(url)).json()
  rows = rows.concat(page.data)
  url = page.links.next && new URL(page.links.next, url)
}
console.log(rows.length)`,
    },
    {
      id: 'power-query',
      name: 'Excel Power Query',
      code: `let
    Source = Csv.Document(Web.Contents("${csv}"), [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),
    Data = Table.PromoteHeaders(Source, [PromoteAllScalars = true])
in
    Data`,
    },
  ]
}

/** A text between apostrophes in a shell. Addresses are percent-encoded but for the apostrophe. */
const quoted = (text: string) => text.replaceAll("'", '%27')
