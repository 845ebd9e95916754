/** Quality and suppression of a version in words: who delivered, what is missing, warnings, what is withheld and why. */
import { provenOf, type ServedVersion } from '../../catalogue/index.ts'
import { type Contract, type Contracts, labelOf, withheldFields } from '../../contract/index.ts'
import { number } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, joined, to, type View } from '../view.ts'

interface QualityParts {
  readonly contracts: Contracts
  readonly contract: Contract
  readonly version: Pick<ServedVersion, 'parts' | 'waivers' | 'warnings' | 'suppressions' | 'omitted'>
  readonly view: View
}

export function Quality({ contracts, contract, version, view }: QualityParts): Html {
  const text = texts[view.language]
  const { parts, waivers, warnings, omitted } = version
  const nameOf = (code: string) =>
    inView(view, labelOf(contracts, 'providers', code) ?? { zh: code, en: code })
  return (
    <ul>
      <li>
        {text.parts(
          number(parts.length),
          joined(
            view,
            parts.slice(0, 16).map((part) => nameOf(part.provider)),
          ),
        )}
      </li>
      {waivers.map(({ provider, reason }) => (
        <li key={provider}>{text.waiver(nameOf(provider), reason)}</li>
      ))}
      {warnings.length === 0 ? (
        <li>{text.noWarnings}</li>
      ) : (
        warnings.map(({ check, count }) => (
          <li key={check}>
            {text.warning(number(count))} <code>{check}</code>
          </li>
        ))
      )}
      <Withheld contract={contract} suppressions={version.suppressions} view={view} />
      {omitted.map(({ format, reason }) => (
        <li key={format}>
          {text.omitted(format.toUpperCase())}
          {inView(view, reason)}
        </li>
      ))}
    </ul>
  )
}

interface WithheldParts {
  readonly contract: Contract
  readonly suppressions: Readonly<Record<string, unknown>>
  readonly view: View
}

/** What disclosure control did: how many records, by which rule, and how withheld values are shown. */
function Withheld({ contract, suppressions, view }: WithheldParts): Html | undefined {
  const text = texts[view.language]
  if (withheldFields(contract).length === 0) return <li>{text.nothingWithheld}</li>
  const count = (name: string) => (typeof suppressions[name] === 'number' ? suppressions[name] : undefined)
  const records = count('recordsWithheld')
  const reasons = (suppressions['byReason'] ?? {}) as Readonly<Record<string, unknown>>
  const minimum = contract.disclosure?.['minimum']
  // The rule's own words, where it has some.
  const words = suppressions['words'] as { readonly zh?: unknown; readonly en?: unknown } | undefined
  const own = words?.[view.language]
  return (
    <>
      {records !== undefined && <li>{text.withheld(number(records), number(count('records') ?? 0))}</li>}
      {typeof minimum === 'number' && <li>{text.primary(minimum)}</li>}
      {typeof own === 'string'
        ? own !== '' && <li>{own}</li>
        : typeof reasons['secondary'] === 'number' && <li>{text.secondary(number(reasons['secondary']))}</li>}
      {provenOf({ suppressions }) === false && (
        <li>
          <strong>{text.unproven}</strong>
        </li>
      )}
      <li>{text.shown}</li>
      <li>
        <a href={to(view, '/methods')}>{text.methods}</a>
      </li>
    </>
  )
}

const texts = {
  zh: {
    parts: (count: string, names: string) => `由 ${count} 个单位报送：${names}。`,
    waiver: (provider: string, reason: string) => `${provider}未报送，原因：${reason}`,
    noWarnings: '自动检查未发现需要提示的问题。',
    warning: (count: string) => `自动检查提示 ${count} 处：`,
    omitted: (format: string) => `不提供 ${format}：`,
    nothingWithheld: '本数据集没有隐去任何值。',
    withheld: (records: string, all: string) =>
      `${all} 条统计中有 ${records} 条的数值不予公布，以免从中识别个人。`,
    primary: (minimum: number) => `人数少于 ${minimum} 的统计不公布（主抑制）。`,
    secondary: (records: string) =>
      `另有 ${records} 条不公布，以免用合计减去其他值得出被隐去的值（次级抑制）。`,
    shown:
      '不公布的值在表格中显示为“不公布”，在图中以斜线标出可能的范围，在文件中为空并注明状态；它们不等于零。',
    unproven: '本版按旧规则发布：只隐去过小的人数，未证明被隐去的值不能由合计推出。',
    methods: '哪些数值不公布、读者能知道多少、比率的区间是什么意思',
  },
  en: {
    parts: (count: string, names: string) =>
      `Delivered by ${count} ${count === '1' ? 'body' : 'bodies'}: ${names}.`,
    waiver: (provider: string, reason: string) => `The part of ${provider} is missing: ${reason}`,
    noWarnings: 'Automatic checks found nothing to warn about.',
    warning: (count: string) => `Automatic checks warn ${count} times:`,
    omitted: (format: string) => `Not offered as ${format}: `,
    nothingWithheld: 'No value of this dataset is withheld.',
    withheld: (records: string, all: string) =>
      `${records} of ${all} statistics are not published, so that nobody can be recognised in them.`,
    primary: (minimum: number) =>
      `Statistics of fewer than ${minimum} persons are withheld (primary suppression).`,
    secondary: (records: string) =>
      `${records} more are withheld because a hidden value could be found by subtracting others from a total (secondary suppression).`,
    shown:
      'A withheld value is shown as “withheld” in tables and as a hatched range in charts; in files it is empty, with a status. It is not zero.',
    unproven:
      'Published under a former rule: small counts are withheld, but nothing proves that they can’t be computed from totals.',
    methods: 'What is withheld, what a reader can know, and what the interval of a rate means',
  },
} as const
