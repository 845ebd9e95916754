/** What all checks of `qingdan verify` share: the defects found, what was done about them, and the counts. */

import type { AppContext } from '../../catalogue/index.ts'
import { setAsideFolder } from '../../files/set-aside.ts'
import type { Progress } from '../../ingest/index.ts'

/** Everything that can be wrong, each with one sentence. */
export const defectTexts = {
  'file-missing': 'The stored file is missing.',
  'file-size': 'The stored file does not have the recorded size.',
  'file-digest': 'The stored file does not have the recorded digest.',
  'file-unreadable': 'The disk reports an error when the stored file is read.',
  'file-extra': 'No record names this stored file.',
  'table-missing': 'The table of the records is missing.',
  'table-count': 'The table does not have the recorded number of records.',
  'table-numbers': 'The records are not numbered from 1 without a gap.',
  'table-digest': 'The records do not give the recorded digest.',
  'table-orphan': 'No version, part or bundle refers to this table.',
  'part-differs': 'The staged rows of the part do not have the recorded number.',
  'record-differs': 'The digest of the version is not that of its plain CSV.',
  'change-gap': 'The change log has no change at this position.',
  'change-missing': 'The change log does not report this.',
  'change-differs': 'The change differs from the version or contract that it reports.',
  'change-surplus': 'The change reports nothing that exists, or reports it again.',
  'change-counter': 'The counter of positions is behind the last change.',
  'contract-missing': 'No folder of contracts has the contract of this version.',
  'contract-digest': 'The stored copy of the pinned contract does not have its digest.',
  'receipt-row': 'The receipt contradicts its history or its findings.',
  'receipt-signature': 'The signed receipt does not have the signature of this service.',
  'receipt-differs': 'The signed receipt and the stored one differ.',
  'bundle-missing': 'The bytes of the bundle are missing.',
  'bundle-size': 'The bundle does not have the recorded size.',
  'bundle-digest': 'The bytes of the bundle do not have its digest.',
  'bundle-unreadable': 'The disk reports an error when the bundle is read.',
  'bag-digest': 'The stored bag does not have the digest in its name, or the disk does not return it.',
  'key-missing': 'The key of the service is missing, but signatures of it are stored.',
  'key-damaged': 'The key can not be read, or is not the one of its fingerprint.',
} as const

type DefectKind = keyof typeof defectTexts

/** What no other record here can correct. */
const unrepairable: ReadonlySet<DefectKind> = new Set<DefectKind>([
  ...(['record-differs', 'change-differs', 'change-surplus', 'contract-missing'] as const),
  ...(['receipt-row', 'receipt-differs', 'bundle-missing', 'key-missing', 'key-damaged'] as const),
])

export interface Defect {
  readonly kind: DefectKind
  /** A file, version, position, bundle or key. */
  readonly subject: string
  readonly message: string
  /** What was done; null if nothing was, or could be. */
  readonly action: 'repaired' | 'set-aside' | null
  /** Where a damaged file or table was moved; null if nothing was. */
  readonly movedTo: string | null
  /** Whether it is no longer a defect. */
  readonly isResolved: boolean
  /** Whether `--repair` can do something about it, unless the other records are damaged as well. */
  readonly canRepair: boolean
}

/** What was compared. */
export type Counts = Record<
  | 'versions'
  | 'files'
  | 'bytes'
  | 'records'
  | 'changes'
  | 'contracts'
  | 'receipts'
  | 'bundles'
  | 'bags'
  | 'keys',
  number
>

export interface Verification {
  readonly context: AppContext
  readonly repair: boolean
  readonly progress: Progress
  readonly counts: Counts
  readonly defects: Defect[]
  /** Reports a defect, with what was done about it. */
  readonly report: (kind: DefectKind, subject: string, outcome?: Outcome) => void
  /**
   * Moves a stored file or folder out of the way, to `set-aside/<time>/…`; returns its new name, or null if
   * it does not exist.
   */
  readonly setAside: (stored: string) => Promise<string | null>
}

type Outcome = Pick<Defect, 'action'> & Partial<Pick<Defect, 'movedTo' | 'isResolved'>>

/** Folder of files that are being rendered again. */
export const repairedFolder = 'repaired'

/** Begins a verification without a defect. */
export function beginVerification(
  context: AppContext,
  { repair, progress }: { readonly repair: boolean; readonly progress: Progress },
): Verification {
  const defects: Defect[] = []
  // Each run has a folder of its own, so nothing set aside earlier is replaced.
  const folder = `${setAsideFolder}/${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  return {
    context,
    repair,
    progress,
    counts: {
      ...{ versions: 0, files: 0, bytes: 0, records: 0, changes: 0 },
      ...{ contracts: 0, receipts: 0, bundles: 0, bags: 0, keys: 0 },
    },
    defects,
    report: (
      kind,
      subject,
      { action, movedTo = null, isResolved = action === 'repaired' } = { action: null },
    ) => {
      const canRepair = !unrepairable.has(kind)
      defects.push({ kind, subject, message: defectTexts[kind], action, movedTo, isResolved, canRepair })
    },
    setAside: async (stored) => {
      const { files } = context
      const isFile = (await files.find(stored)) !== undefined
      if (!isFile && (await files.list(stored)).length === 0) return null
      const target = `${folder}/${stored}`
      await files.move(stored, target)
      return target
    },
  }
}
