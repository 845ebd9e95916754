/** A file of its own, so that the help of the CLI can name the numbers without loading the module. */

/** The longest that a token may hold, in days, and how long it holds where nobody says. */
export const previewDaysMax = 90
export const previewDaysUsual = 7
