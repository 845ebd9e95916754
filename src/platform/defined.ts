/**
 * Leaves out what is undefined, because an optional member must be absent (`exactOptionalPropertyTypes`). It copies the
 * object, so loops over rows and cells use a conditional spread instead.
 */

/** Members that may be undefined become optional; all others stay required. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The object without its undefined members, in the same order. */
export function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>
}
