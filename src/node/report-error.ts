/**
 * What throws in a function of the application's, where nobody can be told: it is reported as an error that nobody has
 * caught, and stops nothing of what goes on here. Not a matter of any RFC.
 */
export function reportError(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}
