/** What the process is told of that nobody caught, for the time of one test. */
import { onTestFinished } from 'vitest'

export function uncaught(): unknown[] {
  const errors: unknown[] = []
  const handlers = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => void errors.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const handler of handlers) process.on('uncaughtException', handler)
  })
  return errors
}
