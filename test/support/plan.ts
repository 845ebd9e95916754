/**
 * The plan of the house: which room may open which door. A new arrow is a design decision: change it here and in
 * ARCHITECTURE.md in the same commit, and say why in docs/decisions.
 */
export const mayOpen: Readonly<Record<string, readonly string[]>> = {
  base: [],
  store: ['base'],
  contract: ['base'],
  checks: ['base', 'contract'],
  disclosure: ['base', 'contract'],
  formats: ['base', 'contract'],
  derivations: ['base', 'contract'],
  bundle: ['base', 'contract', 'checks', 'formats'],
  access: ['base', 'store'],
  catalogue: ['base', 'store', 'contract'],
  records: ['base', 'store', 'contract', 'formats', 'catalogue'],
  // Decision 0006: a list is also a file, so lists renders by formats.
  lists: ['base', 'contract', 'formats', 'catalogue', 'records'],
  availability: ['base', 'store', 'contract', 'access', 'catalogue', 'records'],
  // The three outer doors: providers bring, machines follow, people read. None may open another.
  ingest: [
    'base',
    'store',
    'contract',
    'checks',
    'disclosure',
    'formats',
    'derivations',
    'bundle',
    'access',
    'catalogue',
    'records',
  ],
  exchange: [
    'base',
    'store',
    'contract',
    'formats',
    'bundle',
    'access',
    'catalogue',
    'records',
    'lists',
    'availability',
  ],
  // What all addresses share. It shows people a refusal as a page, which is the portal's to draw.
  http: ['base', 'store', 'contract', 'access', 'catalogue', 'portal'],
  portal: ['base', 'contract', 'formats', 'catalogue', 'records', 'lists', 'availability'],
}

/** Folders that stand above the rooms, like main, cli and app: they may open any room, and no room opens them. */
export const aboveRooms: readonly string[] = ['commands']
