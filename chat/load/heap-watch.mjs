/** Imported into a node that runs with `--expose-gc`: on SIGUSR2 it collects all garbage and prints what is still alive. */
const report = () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  const resources = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  process.stdout.write(`alive ${JSON.stringify({ bytes: heapUsed + external, resources })}\n`)
}

process.on('SIGUSR2', () => {
  globalThis.gc()
  // Finalizers run in between, and free what only they held.
  setImmediate(report)
})
