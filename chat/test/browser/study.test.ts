import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useBrowser } from './cast.ts'
import { ChatProcess, enter, hasChromium, openTab, say } from './stage.ts'

describe.skipIf(!hasChromium)('the playground in Chromium', { timeout: 180_000 }, () => {
  const chat = new ChatProcess()
  const browser = useBrowser(chat)
  const study = (options = {}): Promise<Page> =>
    openTab(browser(), `http://127.0.0.1:${chat.port}/study`, { viewport: { width: 1280, height: 900 }, ...options })
  const bytesOf = (page: Page): Promise<string> => page.locator('.bytes textarea').inputValue()

  it('shows the bytes and the grid change as one types', async () => {
    const page = await study()
    expect(await bytesOf(page)).toBe('81 85 37 fa 21 3d 7f 9f 4d 51 58')
    await page.locator('#study-message').fill('Hi')
    expect(await bytesOf(page)).toBe('81 82 37 fa 21 3d 7f 93')
    await page.locator('.segment.length', { hasText: '2' }).waitFor()
    await page.locator('.check', { hasText: 'Masked' }).locator('input').uncheck()
    expect(await bytesOf(page)).toBe('81 02 48 69')
    await page.locator('.happened .message', { hasText: '“Hi”' }).waitFor()
    await page.locator('input[type=range]').fill('2')
    expect(await bytesOf(page)).toBe('01 01 48 80 01 69')
    await page.locator('.frame-bar button', { hasText: 'Frame 2 of 2' }).click()
    await page.locator('.segment.opcode', { hasText: 'continuation' }).waitFor()
  })

  it('compresses as permessage-deflate does, and the endpoint inflates it', async () => {
    const page = await study()
    const text = 'again and again '.repeat(12)
    await page.locator('#study-message').fill(text)
    await page.locator('.check', { hasText: 'Compressed' }).locator('input').check()
    await page.waitForFunction(() =>
      document.querySelector<HTMLTextAreaElement>('.bytes textarea')!.value.startsWith('c1 '),
    )
    expect((await bytesOf(page)).split(' ').length).toBeLessThan(60)
    await page.locator('.happened .message', { hasText: `text message of ${text.length} bytes` }).waitFor()
  })

  it('says which MUST a broken bit violates, and takes it back', async () => {
    const page = await study()
    for (const [bit, rule, section] of [
      [2, 'RSV1, RSV2 and RSV3 MUST be 0', 'RFC 6455 5.2'],
      [6, 'reserved', 'RFC 6455 5.2'],
      [8, 'a client MUST mask every frame', 'RFC 6455 5.1'],
    ] as const) {
      await page.locator(`[data-bit="${bit}"]`).click()
      await page.locator('.violation', { hasText: rule }).waitFor()
      await page.locator('.violation', { hasText: section }).waitFor()
      await page.locator('.violation', { hasText: '1002' }).waitFor()
      expect(await page.locator(`[data-bit="${bit}"]`).getAttribute('aria-pressed')).toBe('true')
      await page.locator('.undo').click()
      await page.locator('.violation').waitFor({ state: 'detached' })
    }
    await page.locator('.bytes textarea').fill('81 82 00 00 00 00 c3 28')
    await page.locator('.violation', { hasText: 'a text message MUST be valid UTF-8' }).waitFor()
    await page.locator('.violation', { hasText: '1007' }).waitFor()
    await page.locator('.bytes textarea').fill('88 82 00 00 00 00 03 ee')
    await page.locator('.violation', { hasText: 'RFC 6455 7.4' }).waitFor()
  })

  it('says it in Chinese, and quotes the RFC beside it', async () => {
    const page = await study({ locale: 'zh-CN' })
    await page.locator('[data-bit="8"]').click()
    await page.locator('.violation', { hasText: '客户端必须给它发送的每一帧加掩码' }).waitFor()
    expect(await page.locator('.violation q[lang=en]').textContent()).toBe('a client MUST mask every frame it sends')
    await page.locator('.states .here', { hasText: '打开' }).waitFor()
    await page.locator('.language').click()
    await page.locator('.violation b', { hasText: 'a client MUST mask every frame it sends' }).waitFor()
    expect(await page.locator('.violation q').count()).toBe(0)
  })

  it('steps an endpoint forth and back through a conversation', async () => {
    const page = await study()
    await page.locator('#conversation').selectOption('badUtf8')
    const next = page.locator('.next')
    for (let n = 0; n < 3; n++) await next.click()
    await page.locator('.states .here', { hasText: 'draining' }).waitFor()
    await page.locator('.steps > li').nth(2).locator('.write').waitFor()
    await next.click()
    await next.click()
    await page.locator('.states .here', { hasText: 'closed' }).waitFor()
    await page.locator('.steps .closed', { hasText: '1007' }).waitFor()
    expect(await next.isDisabled()).toBe(true)
    for (let n = 0; n < 3; n++) await page.locator('.buttons .button', { hasText: 'Back' }).click()
    await page.locator('.states .here', { hasText: 'open' }).waitFor()
  })

  it('takes a frame from the inspector of the chat', async () => {
    const page = await openTab(browser(), `http://127.0.0.1:${chat.port}/`)
    await enter(page, 'Ada')
    await page.locator('[aria-label="Wire inspector"]').click()
    await say(page, 'take me along')
    await page.locator('.row.out', { hasText: '"t":"msg"' }).last().click()
    const link = await page.locator('.detail header a').getAttribute('href')
    await page.goto(new URL(link!, page.url()).href)
    await page.locator('.happened .message', { hasText: 'take me along' }).waitFor()
    await page.locator('.happened .message', { hasText: '"t":"msg"' }).waitFor()
  })

  it('computes the answer to any key', async () => {
    const page = await study()
    await page.locator('.proof code', { hasText: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }).waitFor()
    await page.getByLabel('Sec-WebSocket-Key').fill('afmbhhBRQuwCLmnWDRWHxw==')
    await page.locator('.proof code', { hasText: 'sLMyWetYOwus23qJyUD/fa1hztc=' }).waitFor()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe finds (${colorScheme}), on the desktop and on a phone`, async () => {
      for (const viewport of [
        { width: 1280, height: 900 },
        { width: 390, height: 780 },
      ]) {
        const page = await study({ viewport, colorScheme, reducedMotion: 'reduce' })
        await page.locator('[data-bit="2"]').click()
        await page.locator('.violation').waitFor()
        await page.locator('.next').click()
        await page.locator('.next').click()
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
        ).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width)
        await page.context().close()
      }
    })
  }
})
