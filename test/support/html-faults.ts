/** A tag: whether it closes, its name, whether it is empty. A value in quotes may hold any character but a quote. */
const tags = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s+[^\s=>"/]+(?:="[^"]*")?)*\s*(\/?)>/g

/** Checks that tags match and ids are unique, which is enough to detect a broken page. */
export function faultsOf(page: string): readonly string[] {
  const open: string[] = []
  const faults: string[] = []
  for (const [, closing, name = '', end] of page.matchAll(tags)) {
    if (end === '/') continue
    if (closing === '') open.push(name)
    else if (open.pop() !== name) faults.push(`</${name}> does not match`)
  }
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])
  if (new Set(ids).size !== ids.length) {
    faults.push(`duplicate id ${ids.find((id, index) => ids.indexOf(id) !== index)}`)
  }
  return [...faults, ...open.map((name) => `<${name}> is not closed`)]
}
