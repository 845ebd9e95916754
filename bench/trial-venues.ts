import { withContext } from './context.ts'
import { compared, spreadOf } from './measure.ts'
import { nearRow, openVenuesRow } from './rows/venues.ts'
await withContext({ quick: false, records: 1_000_000, pairs: 5, seconds: 2 }, new Map(), console.error, async (context) => {
  for (const row of [openVenuesRow, nearRow]) {
    const pairs = await row.measure(context)
    console.log(row.name, JSON.stringify(pairs.map(({ ours, reference }) => [Math.round(ours), Math.round(reference)])), JSON.stringify(spreadOf(compared(row, pairs))))
  }
})
