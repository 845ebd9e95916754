/** The lock of an edition: staging a part of it, publishing it and withdrawing it wait for each other. */

/** Name of the lock under which parts of an edition are staged and its versions published. */
export function lockOf({ dataset, edition }: { readonly dataset: string; readonly edition: string }): string {
  return `edition ${dataset} ${edition}`
}
