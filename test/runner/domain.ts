/**
 * Stands in for the package `async-hook-domain` in compiled tests, whose hook on every promise costs a tenth of a
 * run. Tap uses it to give an error that nothing catches to the test that caused it. Here such an error ends the
 * process, and the runner shows it.
 */
export class Domain {
  destroy(): void {}
}
