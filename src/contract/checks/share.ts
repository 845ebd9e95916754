/**
 * `share`: a share equals numerator ÷ denominator × factor (100 by default), within half a unit of its last
 * digit. With a denominator of zero it must be empty; a row with a null among the three passes.
 */
import { type Check, fieldName, nameOf, parametersSchema, positionOf, titlesOf } from './check.ts'
import { decimalOf, unitsAt } from './decimal.ts'

export const share: Check = {
  name: 'share',
  about: {
    zh: '比率等于分子除以分母（按所保留的位数四舍五入）',
    en: 'A share is its numerator over its denominator, rounded to the digits it is written with',
  },
  parameters: parametersSchema(
    {
      share: fieldName,
      numerator: fieldName,
      denominator: fieldName,
      factor: { type: 'integer', minimum: 1, maximum: 1_000_000 },
    },
    ['factor'],
  ),
  numeric: true,
  fields: (use) => [nameOf(use, 'share'), nameOf(use, 'numerator'), nameOf(use, 'denominator')],
  build: (use, context) => {
    const field = nameOf(use, 'share')
    const position = positionOf(context, field)
    const above = positionOf(context, nameOf(use, 'numerator'))
    const below = positionOf(context, nameOf(use, 'denominator'))
    const factor = typeof use['factor'] === 'number' ? use['factor'] : 100
    const titles = titlesOf(context, [nameOf(use, 'numerator'), nameOf(use, 'denominator')])
    const scale = context.fields[position]?.scale
    const fault = {
      field,
      expected: {
        zh: `由这两列得出：${titles.zh}，×${factor}`,
        en: `${titles.en}: the first over the second × ${factor}`,
      },
      message: {
        zh: '比率与分子、分母不符，请核对。',
        en: 'The share does not follow from its numerator and denominator; correct one.',
      },
    }
    return (values) => {
      const [stated, numerator, denominator] = [values[position], values[above], values[below]]
      if (stated == null || numerator == null || denominator == null) return undefined
      return isShare(stated, numerator, denominator, factor, scale) ? undefined : fault
    }
  },
}

/** |share − n/d·factor| ≤ ½·10^−scale, multiplied by 2·d·10^scale to avoid a division. */
function isShare(
  stated: string,
  n: string,
  d: string,
  factor: number,
  minScale: number | undefined,
): boolean {
  const [share, numerator, denominator] = [decimalOf(stated), decimalOf(n), decimalOf(d)]
  if (denominator.units === 0n) return false
  const scale = Math.max(minScale ?? share.scale, share.scale)
  const common = Math.max(numerator.scale, denominator.scale)
  const [above, below] = [unitsAt(numerator, common), unitsAt(denominator, common)]
  const difference = unitsAt(share, scale) * below - above * BigInt(factor) * 10n ** BigInt(scale)
  const magnitude = (value: bigint) => (value < 0n ? -value : value)
  return 2n * magnitude(difference) <= magnitude(below)
}
