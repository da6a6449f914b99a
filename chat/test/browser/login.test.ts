import { AxeBuilder } from '@axe-core/playwright'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ChatProcess, complaints, hasChromium, launch, openTab, say, untilTexts } from './stage.ts'

const ISSUER = 'https://id.example'
const AUDIENCE = 'chat'
const ALG = 'ES256'

describe.skipIf(!hasChromium)('a server that wants a token, in Chromium', { timeout: 120_000 }, () => {
  let chat: ChatProcess
  let browser: Browser
  let ours: CryptoKey
  let foreign: CryptoKey
  let jwk: JWK
  const folder = mkdtempSync(join(tmpdir(), 'barewire-keys-'))
  const keyFile = join(folder, 'keys.json')
  /** The same key under these names. */
  const publish = (...kids: string[]): void =>
    writeFileSync(keyFile, JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid })) }))

  beforeAll(async () => {
    const keys = await generateKeyPair(ALG, { extractable: true })
    ours = keys.privateKey
    foreign = (await generateKeyPair(ALG)).privateKey
    jwk = { ...(await exportJWK(keys.publicKey)), alg: ALG }
    publish('k1', 'old')
    const settings = {
      GUESTS: 'off',
      JWKS_FILE: keyFile,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    }
    chat = new ChatProcess({ settings })
    await chat.start()
    browser = await launch()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await chat.stop()
    rmSync(folder, { recursive: true })
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    expect(complaints.splice(0)).toEqual([])
  })

  /** A token of Ada's that ends in so many seconds, with whatever is to be wrong with it. */
  const token = (
    seconds = 3600,
    { key = ours, kid = 'k1', aud = AUDIENCE, sub = 'ada', name = 'Ada' } = {},
  ): Promise<string> =>
    new SignJWT({ sub, name, iss: ISSUER, aud, exp: Math.floor(Date.now() / 1000) + seconds })
      .setProtectedHeader({ alg: ALG, kid })
      .sign(key)
  const visit = async (options = {}): Promise<Page> => {
    const page = await openTab(browser, `http://127.0.0.1:${chat.port}/`, options)
    await page.locator('#token').waitFor()
    return page
  }
  const present = async (page: Page, text: string): Promise<void> => {
    await page.locator('#token').fill(text)
    await page.locator('#token').press('Enter')
  }
  const arrive = async (text: string): Promise<Page> => {
    const page = await visit()
    await present(page, text)
    await page.locator('.composer textarea').waitFor()
    await page.locator('.beginning').waitFor()
    return page
  }

  it('asks for a token instead of a name, and lets its holder in under the name in it, over a reload too', async () => {
    const page = await visit()
    expect(await page.locator('#name').count()).toBe(0)
    await page.waitForFunction(() => document.activeElement?.id === 'token')
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await present(page, `Bearer ${await token()}`)
    await page.locator('.people .name', { hasText: 'Ada' }).waitFor()
    await say(page, 'hello')
    await page.locator('.message.own .text', { hasText: 'hello' }).waitFor()
    await page.reload()
    await page.locator('.message.own .text', { hasText: 'hello' }).waitFor()
    await page.locator('.people .name', { hasText: 'Ada' }).waitFor()
    await page.locator('[aria-label="Leave the chat"]').click()
    await page.locator('#token').waitFor()
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain('eyJ')
  })

  it('says what is wrong with a token, and takes the next one', async () => {
    const page = await visit()
    const complaint = page.locator('.token .complaint')
    const cases: [text: string, complaint: string][] = [
      ['', 'Please paste a token.'],
      ['secret', 'This is no JWT'],
      [`${'e'.repeat(9000)}.e.e`, 'at most 8000 characters'],
      [await token(-3600), 'This token has ended'],
      [await token(3600, { key: foreign }), 'signature of this token does not fit'],
      [await token(3600, { kid: 'k2' }), 'does not know the key'],
      [await token(3600, { aud: 'mail' }), 'made for something else'],
      ['eyJhbGciOiJub25lIn0.e30.e', 'does not accept this token'],
    ]
    for (const [text, words] of cases) {
      await present(page, text)
      await complaint.filter({ hasText: words }).waitFor()
      await page.locator('#token').fill('x')
      expect(await complaint.textContent()).toBe('')
    }
    await page.locator('.language').click()
    await present(page, await token(-3600))
    await complaint.filter({ hasText: '这个令牌已过期' }).waitFor()
    await present(page, await token())
    await page.locator('.composer textarea').waitFor()
  })

  it('warns before a token ends, and goes on with a new one without a break', async () => {
    const page = await arrive(await token(50, { sub: 'eve' }))
    await page.locator('.renewal', { hasText: 'Your token ends at' }).waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await page.locator('#new-token').fill('nonsense')
    await page.locator('#new-token').press('Enter')
    await page.locator('.renewal .complaint', { hasText: 'This is no JWT' }).waitFor()
    await page.locator('#new-token').fill(await token(3600, { sub: 'eve' }))
    await page.locator('#new-token').press('Enter')
    await page.locator('.renewal').waitFor({ state: 'detached' })
    expect(await page.locator('.banner').count()).toBe(0)
  })

  it('keeps rooms and words when a token has ended, and brings them back with a new one', async () => {
    const page = await arrive(await token(4, { sub: 'bob' }))
    await page.locator('.renewal.refused', { hasText: 'This token has ended' }).waitFor({ timeout: 40_000 })
    await say(page, 'written without a token')
    await page.locator('[data-pending=queued]').waitFor()
    await page.locator('#new-token').fill(await token(3600, { sub: 'bob' }))
    await page.locator('.renewal button').click()
    await page.locator('.renewal').waitFor({ state: 'detached' })
    await page.locator('.message[data-seq] .text', { hasText: 'written without a token' }).waitFor()
    await untilTexts(page, ['hello', 'written without a token'])
  })

  it('asks for another token when the key of the one in use is withdrawn', async () => {
    const page = await arrive(await token(3600, { sub: 'cleo', kid: 'old' }))
    publish('k1')
    chat.reload()
    await page.locator('.renewal.refused', { hasText: 'This token was revoked' }).waitFor()
    expect(await page.locator('.composer textarea').isEnabled()).toBe(true)
    await page.locator('#new-token').fill(await token(3600, { sub: 'cleo' }))
    await page.locator('.renewal button').click()
    await page.locator('.renewal').waitFor({ state: 'detached' })
    await page.locator('.toast', { hasText: 'Back online' }).waitFor()
  })
  it('asks whether to leave before the token of another user is used, over a reload too', async () => {
    const page = await arrive(await token(50, { sub: 'fay', name: 'Fay' }))
    const other = await token(3600, { sub: 'gus', name: 'Gus' })
    const renew = async (text: string): Promise<void> => {
      await page.locator('#new-token').fill(text)
      await page.locator('.renew').click()
    }
    await page.locator('.composer textarea').fill('a draft of Fay')
    await renew(other)
    await page.locator('.renewal', { hasText: 'belongs to another user, and you are Fay' }).waitFor()
    await page.locator('.banner').waitFor({ state: 'detached' })
    await renew(other)
    await page.locator('.renewal', { hasText: 'belongs to Gus, and you are Fay' }).waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await page.reload()
    await page.locator('.renewal', { hasText: 'Your token ends at' }).waitFor()
    await renew(await token(3600, { sub: 'gus', name: 'Gus' }))
    await page.locator('.change', { hasText: 'Leave as Fay' }).click()
    await page.locator('.people .name', { hasText: 'Gus' }).waitFor()
    expect(await page.locator('.composer textarea').inputValue()).toBe('')
    expect(await page.locator('.me-name').textContent()).toContain('Gus')
    await say(page, 'from Gus')
    await page.locator('.message.own .text', { hasText: 'from Gus' }).waitFor()
  })
  it('greets whom a cookie lets in, asks for nothing, and says so when the cookie has gone', async () => {
    const page = await visit()
    // The prefix asks for TLS, which browsers take this address to be as good as.
    const cookie = {
      name: '__Host-barewire-chat',
      secure: true,
      httpOnly: true,
      path: '/',
      sameSite: 'Strict',
    } as const
    const value = await token(3600, { sub: 'hal', name: 'Hal' })
    await page.context().addCookies([{ ...cookie, value, domain: '127.0.0.1' }])
    await page.reload()
    await page.locator('.greeted strong', { hasText: 'Hal' }).waitFor()
    expect(await page.locator('#token, #name').count()).toBe(0)
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await page.locator('.enter').click()
    await say(page, 'without a word about me')
    await page.locator('.message.own .text', { hasText: 'without a word' }).waitFor()
    await page.reload()
    await page.locator('.message.own .text', { hasText: 'without a word' }).waitFor()
    await page.context().clearCookies()
    await page.reload()
    await page.locator('.renewal.refused', { hasText: 'This token has ended' }).waitFor()
  })
})
