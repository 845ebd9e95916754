/**
 * Looks up a word that someone else wrote (a caller, a provider, a contract's author) in a table written as a
 * plain object. `table[word]` would also find `constructor` and `__proto__`, which every object inherits.
 */

/** The table's own entry for a word; undefined if it has none. */
export function lookUp<Value>(table: Readonly<Record<string, Value>>, word: string): Value | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

/** A table of entries whose names someone else wrote. It inherits nothing, so `__proto__` is a name as any other. */
export function tableOf<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  const table = Object.create(null) as Record<string, Value>
  for (const [name, value] of entries) table[name] = value
  return table
}
