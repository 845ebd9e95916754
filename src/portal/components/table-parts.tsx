/** Parts that tables and lists of facts have in common. */
import type { Content, Html } from '../html.tsx'

/** The head of a table: a heading for each column. */
export function Columns({ names }: { readonly names: readonly string[] }): Html {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}

/** Facts by name, as a list. */
export function FactList({ facts }: { readonly facts: readonly (readonly [string, Content])[] }): Html {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
