/** A separate file, so that the CLI's help can show the number without loading the module. */

/** Default number of days of a usage report: a month and one day. */
export const usageDaysUsual = 31
