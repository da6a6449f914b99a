import { afterEach, describe, expect, it, vi } from 'vitest'
import { findTool } from './tools.ts'

describe('finding a program that tests drive', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  it('takes what the variable names', () => {
    vi.stubEnv('NGINX', process.execPath)
    expect(findTool('nginx')).toBe(process.execPath)
  })

  it('refuses a variable that names no program', () => {
    vi.stubEnv('NGINX', '/nowhere/nginx')
    expect(() => findTool('nginx')).toThrow('NGINX=/nowhere/nginx is not an executable file')
  })

  it('skips with one line where nobody promised the tool', () => {
    vi.stubEnv('CI', '')
    vi.stubEnv('PATH', '/nowhere')
    vi.stubEnv('CHROMIUM', '')
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(findTool('chromium')).toBeUndefined()
    expect(findTool('chromium')).toBeUndefined()
    expect(written.mock.calls).toEqual([[expect.stringMatching(/^skipping tests: chromium is not on this machine/)]])
  })

  it('fails in CI', () => {
    vi.stubEnv('CI', 'true')
    vi.stubEnv('PATH', '/nowhere')
    vi.stubEnv('CHROMIUM', '')
    expect(() => findTool('chromium')).toThrow('apt-get install chromium')
  })
})
