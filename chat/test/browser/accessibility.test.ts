import { AxeBuilder } from '@axe-core/playwright'
import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { enter, hasChromium, say } from './stage.ts'

describe.skipIf(!hasChromium)('the chat page under axe, in Chromium', { timeout: 180_000 }, () => {
  const { arrive } = useCast()

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [device, options] of [
      ['desktop', { viewport: { width: 1360, height: 860 } }],
      ['phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }],
    ] as const) {
      it(`has nothing that axe finds on every screen (${device}, ${colorScheme})`, async () => {
        const page = await arrive({ ...options, colorScheme, reducedMotion: 'reduce' })
        const check = async (screen: string): Promise<void> => {
          const { violations } = await new AxeBuilder({ page }).analyze()
          const found = violations.map(
            ({ id, nodes }) => `${screen}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
          )
          expect(found).toEqual([])
        }
        await page.locator('input[type=radio]').first().waitFor()
        await check('welcome')
        await enter(page, 'Ada')
        await say(page, 'a message with a link https://a.example')
        await page.locator('.log a').first().waitFor()
        await check('room')
        if (device === 'phone') {
          await page.locator('[aria-label="Back to the rooms"]').click()
          await page.locator('.rooms nav').waitFor()
          await check('rooms')
          await page.keyboard.press('Escape')
        }
        await page.locator('[aria-label="Wire inspector"]').click()
        await page.locator('.row.in').first().click()
        await page.locator('.detail .bit').first().waitFor()
        await check('frames')
        await page.locator('#wire-tab-handshake').click()
        await page.locator('.verdict').waitFor()
        await check('handshake')
        await page.locator('#wire-tab-faults').click()
        await page.locator('.faults').waitFor()
        await check('faults')
      })
    }
  }
})
