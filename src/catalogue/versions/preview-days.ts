/** A separate file, so that the CLI's help can show the numbers without loading the module. */

/** Longest and default validity of a preview token, in days. */
export const previewDaysMax = 90
export const previewDaysDefault = 7
