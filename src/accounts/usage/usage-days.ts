/** A file of its own, so that the help of the CLI can name the number without loading the module. */

/** Days that usage is given for where nobody says which: a month, and one more. */
export const usageDaysUsual = 31
