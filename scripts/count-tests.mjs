#!/usr/bin/env node
/** Prints `passed failed skipped` of a vitest JSON report, for `.ci/run`; a suite that broke before its tests counts as failed. */
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const failed = report.numFailedTests + brokenFiles.length
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${report.numPassedTests} ${failed} ${skipped}`)
