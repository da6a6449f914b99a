import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { enter, hasChromium, openRoom, roomButton, say, untilTexts } from './stage.ts'

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }

describe.skipIf(!hasChromium)('the toasts of the chat page in Chromium', { timeout: 120_000 }, () => {
  const { arrive, visit, freshRoom } = useCast()
  const toast = (page: Page, text: string): Locator => page.locator('[role=status] .toast', { hasText: text })
  const make = async (page: Page, room: string): Promise<void> => {
    await page.locator('.room.new').click()
    await page.locator('#new-room').fill(room)
    await page.locator('#new-room').press('Enter')
  }

  it('tell of a room made and left, leave the focus where it is, wait while it is with them, and leave', async () => {
    const ada = await arrive()
    await enter(ada, 'Ada')
    await ada.clock.install()
    await ada.clock.pauseAt(Date.now() + 1000)
    await make(ada, 'toast-rack')
    await toast(ada, 'Room #toast-rack was created').waitFor()
    await ada.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
    await ada.locator('.people .leave').click()
    await toast(ada, 'You have left #toast-rack').waitFor()
    expect(await ada.locator('.toast').count()).toBe(2)

    const [first, second] = [ada.locator('.toast button').nth(0), ada.locator('.toast button').nth(1)]
    await ada.locator('.composer textarea').focus()
    await second.focus()
    await ada.clock.runFor(9_000)
    expect(await ada.locator('.toast').count()).toBe(2)
    await ada.keyboard.press('Enter')
    await toast(ada, 'You have left').waitFor({ state: 'detached' })
    expect(await first.evaluate((node) => node === document.activeElement)).toBe(true)
    await ada.keyboard.press('Escape')
    await ada.locator('.toast').waitFor({ state: 'detached' })
    expect(await ada.locator('.composer textarea').evaluate((node) => node === document.activeElement)).toBe(true)

    await make(ada, 'toast-rack-two')
    await toast(ada, 'Room #toast-rack-two was created').hover()
    await ada.clock.runFor(9_000)
    expect(await ada.locator('.toast').count()).toBe(1)
    await ada.mouse.move(2, 2)
    await ada.clock.runFor(7_000)
    await ada.locator('.toast').waitFor({ state: 'detached' })
  })

  it('tell what has failed in a room that is not looked at any more', async () => {
    const [one, other] = [freshRoom(), freshRoom()]
    const ada = await visit('Ada', one)
    await say(ada, 'stays')
    await untilTexts(ada, ['stays'])
    // The server hears nothing of this page any more, and the request ends with the connection.
    await ada.locator('.message .line').hover()
    await ada.evaluate(() => {
      WebSocket.prototype.send = () => {}
    })
    await ada.locator('[aria-label="Delete"]').click()
    await roomButton(ada, other).click()
    await ada.context().setOffline(true)
    await toast(ada, `A message in #${one} was not deleted (not connected)`).waitFor()
  })

  it('tell whom the only room refuses, who stands at the door again', async () => {
    const ada = await arrive()
    await enter(ada, 'Ada', 'general')
    // From now on nobody is let into a room.
    await ada.evaluate(() => {
      const { send } = WebSocket.prototype
      WebSocket.prototype.send = function (data) {
        send.call(this, String(data).replace('"t":"join"', '"t":"nonsense"'))
      }
    })
    await ada.context().setOffline(true)
    await ada.locator('.banner', { hasText: 'Offline' }).waitFor()
    await ada.context().setOffline(false)
    await toast(ada, '#general cannot be entered (unknown to this server)').waitFor()
    await ada.locator('#name').waitFor()
    expect(await ada.locator('#name').inputValue()).toBe('Ada')
  })

  for (const [device, options] of [
    ['desktop', { viewport: { width: 1360, height: 860 } }],
    ['phone', PHONE],
  ] as const satisfies [string, BrowserContextOptions][]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`have nothing that axe finds, and stand in no one’s way (${device}, ${colorScheme})`, async () => {
        const page = await arrive({ ...options, colorScheme, reducedMotion: 'reduce', locale: 'zh-CN' })
        await enter(page, '小明')
        const room = `rack-${device}-${colorScheme}`
        if (device === 'phone') await page.locator('[aria-label="返回房间列表"]').click()
        await make(page, room)
        await toast(page, `已新建房间 #${room}`).waitFor()
        if (device === 'phone') await page.locator('[aria-label="显示成员"]').click()
        await page.locator('.people .leave').click()
        await toast(page, `已离开 #${room}`).waitFor()
        await page.locator('.toast button').first().focus()
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id }) => id)).toEqual([])
        const [stack, composer] = [
          await page.locator('.toasts').boundingBox(),
          await page.locator('.composer .box').boundingBox(),
        ]
        expect(stack!.y + stack!.height).toBeLessThanOrEqual(composer!.y)
        const width = page.viewportSize()!.width
        if (device === 'phone') expect(Math.round(stack!.x + stack!.width / 2)).toBe(width / 2)
        else expect(stack!.x + stack!.width).toBeLessThan(width / 4)
      })
    }
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`leave header, banner and the newest message of a phone in sight (${colorScheme})`, async () => {
      const page = await arrive({
        ...PHONE,
        viewport: { width: 390, height: 844 },
        colorScheme,
        reducedMotion: 'reduce',
      })
      await enter(page, 'Ada', 'general')
      await page.locator('[aria-label="Back to the rooms"]').click()
      await make(page, `sight-${colorScheme}`)
      await toast(page, `Room #sight-${colorScheme} was created`).waitFor()
      await say(page, 'the newest')
      // While the focus is with it, it stays.
      await page.locator('.toast button').focus()
      const newest = page.locator('.message', { hasText: 'the newest' })
      await newest.waitFor()
      const overlap = async (other: Locator): Promise<boolean> => {
        const [stack, box] = [await page.locator('.toasts').boundingBox(), await other.boundingBox()]
        return stack!.y < box!.y + box!.height && box!.y < stack!.y + stack!.height
      }
      expect(await page.locator('.toast').count()).toBe(1)
      for (const place of [page.locator('main header'), newest, page.locator('.composer .box')])
        expect(await overlap(place)).toBe(false)
      await page.context().setOffline(true)
      const banner = page.locator('.banner', { hasText: 'Offline' })
      await banner.waitFor()
      expect(await overlap(banner)).toBe(false)
    })
  }

  it('let Back on a phone lead from a room to the rooms, and from the people to the room', async () => {
    const ada = await arrive(PHONE)
    await enter(ada, 'Ada', 'general')
    const rooms = ada.locator('.rooms nav')
    await ada.goBack()
    await rooms.waitFor()
    await openRoom(ada, 'random')
    await rooms.waitFor({ state: 'hidden' })
    await ada.locator('[aria-label="Show people"]').click()
    await ada.locator('.people li', { hasText: 'you' }).waitFor()
    await ada.goBack()
    await ada.locator('.people').waitFor({ state: 'hidden' })
    expect(await ada.locator('main h1').textContent()).toContain('random')
    await ada.locator('[aria-label="Back to the rooms"]').click()
    await rooms.waitFor()
    await ada.goForward()
    await rooms.waitFor({ state: 'hidden' })
    await ada.goBack()
    await rooms.waitFor()
    await ada.locator('[aria-label="Leave the chat"]').click()
    await ada.locator('#name').waitFor()
    await enter(ada, 'Ada', 'general')
    await ada.locator('[aria-label="Back to the rooms"]').click()
    await rooms.waitFor()
  })
})
