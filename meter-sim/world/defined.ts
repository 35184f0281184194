/** @returns the object without the members that are there but undefined, which is what a parser leaves of an optional field. */
export function definedOf<T extends object>(
  value: T,
): { readonly [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
