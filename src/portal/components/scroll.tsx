/** What may be wider than a telephone: tables and programs scroll by themselves, with the keyboard too (WCAG 2.1.1). */
import type { Content, Html } from '../html.tsx'

interface ScrollParts {
  /** Id of the heading that names the table. */
  readonly labelledBy: string
  readonly children: Content
}

/** A table that scrolls sideways. */
export function Scroll({ labelledBy, children }: ScrollParts): Html {
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fieldset, and the heading's section is the landmark already
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <div class="table" role="group" aria-labelledby={labelledBy} tabIndex={0}>
      {children}
    </div>
  )
}

/** A picture that scrolls sideways where the screen is narrow. */
export function Picture({ labelledBy, children }: ScrollParts): Html {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <figure class="chart" aria-labelledby={labelledBy} tabIndex={0}>
      {children}
    </figure>
  )
}

interface ListingParts {
  readonly id?: string
  /** What the button that copies it is called; without it there is none. */
  readonly copy?: string
  readonly children: Content
}

/** A program or an address, as it is typed. */
export function Listing({ id, copy, children }: ListingParts): Html {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <pre id={id} data-copy={copy} tabIndex={0}>
      <code>{children}</code>
    </pre>
  )
}
