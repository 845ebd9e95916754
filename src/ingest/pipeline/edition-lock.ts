/** The lock of an edition serialises staging its parts, publishing it and withdrawing it. */

/** Name of the lock of an edition. */
export function lockOf({ dataset, edition }: { readonly dataset: string; readonly edition: string }): string {
  return `edition ${dataset} ${edition}`
}
