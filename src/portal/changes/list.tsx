/** Changes as a list, the newest first. */
import { Day } from '../components/words.tsx'
import { type Html, link } from '../html.tsx'
import { inView, to, type View } from '../view.ts'
import type { PortalChange } from './find-changes.ts'

interface ChangeList {
  readonly changes: readonly PortalChange[]
  readonly view: View
  /** Whether each change says what it means, and links its data for machines. */
  readonly isFull?: boolean
}

export function ChangeList({ changes, view, isFull = false }: ChangeList): Html {
  const text = texts[view.language]
  return (
    <ol class="news">
      {changes.map((change) => (
        <li key={change.position}>
          <Day day={change.day} />{' '}
          <a href={to(view, change.path)}>
            {inView(view, change.title)}
            {text.colon}
            {inView(view, change.what)}
          </a>
          {isFull && <p>{inView(view, change.meaning)}</p>}
          {change.reason !== null && change.reason !== '' && (
            <p class="faint">
              {text.reason}
              {change.reason}
            </p>
          )}
          {isFull && change.href !== undefined && (
            <p>
              <a href={link(change.href)}>
                JSON<span class="unseen"> {inView(view, change.what)}</span>
              </a>
            </p>
          )}
        </li>
      ))}
    </ol>
  )
}

const texts = {
  zh: { colon: '：', reason: '原因：' },
  en: { colon: ': ', reason: 'Reason: ' },
} as const
