/** A TypeScript file for browsers, bundled to one script by build/browser-scripts.mjs. */
declare module '*?script' {
  /** The script. */
  export const text: string
}
