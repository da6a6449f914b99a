/**
 * What is sent in one turn of the event loop leaves in one write: connections that have output wait here until the turn's
 * input was read. `setImmediate` comes after the poll phase, `nextTick` after each single callback, and so gathers nothing.
 */

interface Flushable {
  flush(): void
}

let waiting: Flushable[] = []

/** Flush this at the end of the turn. */
export function flushSoon(output: Flushable): void {
  waiting.push(output)
  if (waiting.length === 1) setImmediate(flushAll)
}

function flushAll(): void {
  const outputs = waiting
  waiting = []
  for (const output of outputs) output.flush()
}
