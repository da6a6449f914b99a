import { defineConfig } from 'vitest/config'

const report = process.env['VITEST_JSON']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'chat/test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts', 'chat/test/support/build-page.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // CI reads the counts from a file; the variable leaves the test command as the README has it.
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
})
