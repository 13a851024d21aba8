/** Makes the compiler prove that a `switch` has handled every case. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${String(value)}`);
}
