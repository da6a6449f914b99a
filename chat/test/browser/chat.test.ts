import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { enter, hasChromium, openRoom, roomButton, say, texts, untilTexts } from './stage.ts'

const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }

describe.skipIf(!hasChromium)('the chat page in Chromium', { timeout: 120_000 }, () => {
  const { arrive, visit, freshRoom } = useCast()
  const online = (page: Page, count: number): Promise<void> =>
    page.locator('.bar .count', { hasText: `${count} online` }).waitFor()

  it('brings two tabs into conversation, with names, counts, comings and goings', async () => {
    const ada = await arrive()
    expect(await ada.locator('#name').evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await ada.locator('input[type=radio]').count()).toBe(3)
    await enter(ada, 'Ada', 'general')
    const eve = await arrive()
    await eve.locator('.room-face', { hasText: 'general' }).filter({ hasText: '1 online' }).waitFor()
    await enter(eve, 'Eve', 'general')
    await online(ada, 2)
    await ada.locator('.notice', { hasText: 'Eve joined' }).waitFor()
    await say(ada, 'Hello Eve')
    await untilTexts(eve, ['Hello Eve'])
    await say(eve, 'Hello Ada')
    await untilTexts(ada, ['Hello Eve', 'Hello Ada'])
    await ada.locator('.message.own .state', { hasText: 'Sent and stored' }).waitFor()
    expect(await ada.locator('.people .name').allTextContents()).toEqual(['Ada', 'Eve'])
    expect(await eve.locator('.message:not(.own) .who').textContent()).toBe('Ada')
    await eve.locator('[aria-label="Leave the chat"]').click()
    await ada.locator('.notice', { hasText: 'Eve left' }).waitFor()
    await online(ada, 1)
  })

  it('lists who belongs to the room and is away, with the time they were last seen, in both languages', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', room)
    const eve = await visit('Eve', room)
    await online(ada, 2)
    expect(await ada.locator('.people h3').count()).toBe(0)
    await eve.close()
    await ada.locator('.away li', { hasText: 'Eve' }).locator('.seen', { hasText: 'last seen just now' }).waitFor()
    expect(await ada.locator('.people h3').allTextContents()).toEqual(['Online', 'Offline'])
    expect(await ada.locator('.here .name').allTextContents()).toEqual(['Ada'])
    const later = Date.now() + 5 * 60_000 + 10_000
    const li = await arrive({ ...PHONE, locale: 'zh-CN' })
    const kim = await arrive()
    for (const page of [li, kim]) await page.clock.setFixedTime(later)
    await enter(kim, 'Kim')
    await openRoom(kim, room)
    await kim.locator('.away .seen', { hasText: 'last seen 5 min ago' }).waitFor()
    await enter(li, 'Li')
    await li.locator('[aria-label="返回房间列表"]').click()
    await roomButton(li, room).click()
    await li.locator('[aria-label="显示成员"]').click()
    await li.locator('.away .seen', { hasText: '最后在线：5分钟前' }).waitFor()
    for (const page of [ada, li]) {
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id }) => id)).toEqual([])
    }
  })

  it('pages through more members who are away than one answer holds', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', freshRoom())
    const names = Array.from({ length: 70 }, (_, n) => `guest ${n + 1}`)
    await ada.evaluate(
      async ({ names, room }) => {
        const comeAndGo = (name: string): Promise<void> =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(new URL('/chat', location.href.replace(/^http/, 'ws')), 'chat.v1')
            socket.onopen = () => {
              socket.send(JSON.stringify({ t: 'auth', id: 1, d: { guest: { name } } }))
              socket.send(JSON.stringify({ t: 'join', id: 2, room, d: {} }))
              socket.send(JSON.stringify({ t: 'leave', id: 3, room, d: {} }))
            }
            socket.onmessage = ({ data }) => {
              const { re, ok } = JSON.parse(data as string) as { re?: number; ok?: boolean }
              if (ok === false) reject(new Error(String(data)))
              if (re === 3) socket.close()
            }
            socket.onclose = () => resolve()
          })
        while (names.length > 0) await Promise.all(names.splice(0, 20).map(comeAndGo))
      },
      { names: [...names], room },
    )
    await openRoom(ada, room)
    await online(ada, 1)
    const away = ada.locator('.away li')
    const more = ada.locator('.people button', { hasText: 'Show more' })
    await away.nth(49).waitFor()
    expect(await away.count()).toBe(50)
    await more.click()
    await away.nth(69).waitFor()
    await more.waitFor({ state: 'detached' })
    expect((await away.locator('.name').allTextContents()).toSorted()).toEqual(names.toSorted())
    expect(await ada.locator('.people .leave').isVisible()).toBe(true)
    const { violations } = await new AxeBuilder({ page: ada }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
  })

  it('is in three rooms at once, and counts what is unread in the others, in the list and in the title', async () => {
    const [one, two, three] = [freshRoom(), freshRoom(), freshRoom()]
    const ada = await visit('Ada', one)
    await openRoom(ada, two)
    await openRoom(ada, three)
    const eve = await visit('Eve', one)
    for (const text of ['a', 'b', 'c']) await say(eve, text)
    await openRoom(eve, two)
    await say(eve, 'd')
    const badge = (room: string, count: string): Promise<void> =>
      roomButton(ada, room).locator('.badge', { hasText: count }).waitFor()
    await badge(one, '3')
    await badge(two, '1')
    expect(await ada.title()).toBe(`(4) ${three}`)
    const named = (name: string): Promise<number> => ada.getByRole('button', { name, exact: true }).count()
    expect(await named(`${one} 3 unread messages`)).toBe(1)
    expect(await named(`${three} 1 online`)).toBe(1)
    expect(await texts(ada)).toEqual([])
    await openRoom(ada, one)
    await untilTexts(ada, ['a', 'b', 'c'])
    await ada.locator('.new-line', { hasText: 'New' }).waitFor()
    await ada.waitForFunction((title) => document.title === title, `(1) ${one}`)
    await openRoom(ada, two)
    await untilTexts(ada, ['d'])
    await ada.waitForFunction((title) => document.title === title, two)
    await openRoom(ada, 'general')
    expect(await ada.title()).toBe('general')
  })

  it('follows only a reader at the bottom, and loads earlier messages without moving what is read', async () => {
    const room = freshRoom()
    const eve = await visit('Eve', room)
    for (let n = 1; n <= 70; n++) {
      await say(eve, `line ${n}`)
      if (n % 10 === 0)
        await eve
          .locator('.message[data-seq] .text', { hasText: `line ${n}` })
          .last()
          .waitFor()
    }
    await eve.locator('[data-pending]').first().waitFor({ state: 'detached', timeout: 20_000 })
    const ada = await visit('Ada', room)
    const log = ada.locator('.scroller')
    const atBottom = (): Promise<number> => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
    await ada.locator('.text', { hasText: 'line 70' }).waitFor()
    expect(await atBottom()).toBeLessThan(2)
    expect(await ada.locator('.message').count()).toBe(50)

    const first = ada.locator('.message[data-seq="25"]')
    await log.evaluate((box) => (box.scrollTop = 100))
    const before = await first.boundingBox()
    await ada.locator('.message[data-seq="1"]').waitFor()
    const after = await first.boundingBox()
    expect(Math.abs(after!.y - before!.y)).toBeLessThan(3)
    expect(await ada.locator('.message').count()).toBe(70)

    for (const text of ['x', 'y', 'z']) await say(eve, text)
    const pill = ada.locator('.below', { hasText: '3 new' })
    await pill.waitFor()
    expect(await atBottom()).toBeGreaterThan(50)
    await pill.click()
    await ada.locator('.below').waitFor({ state: 'detached' })
    // Two that come while the page still moves to the first: it goes on, and counts none as unseen.
    await log.evaluate((box) => {
      Object.assign(window, { pills: 0 })
      const look = (): void => {
        if (document.querySelector('.below') !== null) Object.assign(window, { pills: 1 })
        requestAnimationFrame(look)
      }
      box.addEventListener('scroll', look, { once: true })
    })
    for (const text of ['tall\n\n\n\n\n\none', 'tall\n\n\n\n\n\ntwo', 'followed']) {
      await eve.locator('.composer textarea').fill(text)
      await eve.locator('.composer textarea').press('Enter')
    }
    await ada.locator('.text', { hasText: 'followed' }).waitFor()
    await ada.waitForFunction(() => {
      const box = document.querySelector('.scroller')!
      return box.scrollHeight - box.scrollTop - box.clientHeight < 2
    })
    expect(await ada.evaluate(() => (window as unknown as { pills: number }).pills)).toBe(0)
  })

  it('works on a phone: one pane, drawers, fingers', async () => {
    const ada = await arrive(PHONE)
    await enter(ada, 'Ada')
    const wide = await ada.evaluate(() => document.documentElement.scrollWidth)
    expect(wide).toBeLessThanOrEqual(390)
    expect(await ada.locator('.rooms nav').isVisible()).toBe(false)
    await ada.locator('[aria-label="Back to the rooms"]').click()
    await ada.locator('.rooms nav').waitFor()
    await ada.keyboard.press('Escape')
    await ada.locator('.rooms nav').waitFor({ state: 'hidden' })
    await ada.locator('[aria-label="Show people"]').click()
    await ada.locator('.people li', { hasText: 'you' }).waitFor()
    await ada.locator('.people [aria-label="Close"]').click()
    await say(ada, 'from the phone')
    await ada.locator('.text', { hasText: 'from the phone' }).waitFor()
    const small = await ada.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, a[href]')]
        .filter(
          (node) =>
            node.checkVisibility({ visibilityProperty: true }) && node.closest('[inert], .actions, .text') === null,
        )
        .map((node) => ({ label: node.ariaLabel ?? node.textContent, box: node.getBoundingClientRect() }))
        .filter(({ box }) => box.height < 44 || box.width < 44)
        .map(({ label }) => label),
    )
    expect(small).toEqual([])
    const composer = await ada.locator('.composer').boundingBox()
    expect(composer!.y + composer!.height).toBeLessThanOrEqual(780)
  })

  it('makes a room that others see at once, and refuses a name that cannot be one', async () => {
    const ada = await arrive()
    await enter(ada, 'Ada')
    const eve = await arrive()
    await enter(eve, 'Eve')
    await ada.locator('.room.new').click()
    await ada.locator('#new-room').fill('no spaces!')
    await ada.locator('#new-room').press('Enter')
    await ada.locator('.create .complaint').waitFor()
    await ada.locator('#new-room').fill('tea-kitchen')
    await ada.locator('#new-room').press('Enter')
    await ada.locator('main h1', { hasText: 'tea-kitchen' }).waitFor()
    await openRoom(eve, 'tea-kitchen')
    await online(eve, 2)
    await ada.locator('.people .leave').click()
    await ada.locator('main h1', { hasText: 'general' }).waitFor()
    await online(eve, 1)
  })

  it('speaks Chinese to a browser that does, and changes when told', async () => {
    const page = await arrive({ locale: 'zh-CN' })
    await page.locator('h1', { hasText: '加入聊天' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans')
    await page.locator('.language').click()
    await page.locator('h1', { hasText: 'Join the conversation' }).waitFor()
    await page.reload()
    await page.locator('h1', { hasText: 'Join the conversation' }).waitFor()
  })
})
