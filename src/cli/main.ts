#!/usr/bin/env node
/** The program behind `bin.barewire`. */
import process from 'node:process'
import { runCommandLine } from './command-line.ts'

/** A reader that closes our pipe early, as in `barewire explain … | head`, is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2), process)
