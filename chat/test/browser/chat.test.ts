import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  ChatProcess,
  complaints,
  enter,
  Gate,
  hasChromium,
  launch,
  openRoom,
  openTab,
  roomButton,
  say,
  texts,
  untilTexts,
} from './stage.ts'

describe.skipIf(!hasChromium)('the chat page in Chromium', { timeout: 120_000 }, () => {
  const chat = new ChatProcess()
  const gate = new Gate(() => chat.port)
  let browser: Browser
  let rooms = 0

  beforeAll(async () => {
    await chat.start()
    await gate.open()
    browser = await launch()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await gate.close()
    await chat.stop()
  })
  afterEach(async () => {
    await gate.open()
    for (const context of browser.contexts()) await context.close()
    expect(complaints.splice(0)).toEqual([])
  })

  /** A tab in a room of this test alone. */
  const visit = async (name: string, room: string, options = {}): Promise<Page> => {
    const page = await openTab(browser, gate.url, options)
    await enter(page, name)
    await openRoom(page, room)
    return page
  }
  const freshRoom = (): string => `test-${++rooms}`
  const online = (page: Page, count: number): Promise<void> =>
    page.locator('.bar .count', { hasText: `${count} online` }).waitFor()

  it('brings two tabs into conversation, with names, counts, comings and goings', async () => {
    const ada = await openTab(browser, gate.url)
    expect(await ada.locator('#name').evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await ada.locator('input[type=radio]').count()).toBe(3)
    await enter(ada, 'Ada', 'general')
    const eve = await openTab(browser, gate.url)
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

  it('shows what people write as text and nothing else', async () => {
    const ada = await visit('<b>Ada</b>', freshRoom())
    const text =
      '<img src=x onerror="document.title=1"> <script>document.title=2</script> javascript:alert(1) https://a.example/?x=1<b>'
    await say(ada, text)
    await untilTexts(ada, [text])
    expect(await ada.locator('.log img, .log script, .log b').count()).toBe(0)
    const link = ada.locator('.log a')
    expect(await link.getAttribute('href')).toBe('https://a.example/?x=1')
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
  })

  it('goes offline, keeps what is written, and sends it once when it is back', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', room)
    const eve = await visit('Eve', room)
    await ada.context().setOffline(true)
    await ada.locator('.banner', { hasText: 'Offline' }).waitFor()
    await say(ada, 'written offline')
    await say(ada, 'and another')
    await ada.locator('.banner', { hasText: 'Offline - 2 messages waiting' }).waitFor()
    expect(await ada.locator('[data-pending=queued]').count()).toBe(2)
    expect(await ada.locator('.composer textarea').isEnabled()).toBe(true)
    await say(eve, 'meanwhile')
    await untilTexts(eve, ['meanwhile'])
    await ada.context().setOffline(false)
    await ada.locator('.banner', { hasText: 'Back online - 1 missed message loaded' }).waitFor()
    await untilTexts(eve, ['meanwhile', 'written offline', 'and another'])
    await untilTexts(ada, ['meanwhile', 'written offline', 'and another'])
    expect(await ada.locator('[data-pending]').count()).toBe(0)
  })

  it('keeps unsent messages over a reload', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', room)
    const eve = await visit('Eve', room)
    await say(ada, 'before')
    await untilTexts(eve, ['before'])
    gate.shut()
    await ada.locator('.banner', { hasText: 'Reconnecting in' }).waitFor()
    await say(ada, 'survives a reload')
    await ada.locator('[data-pending=queued]').waitFor()
    await ada.locator('.composer textarea').fill('a draft')
    await ada.reload()
    await ada.locator('.banner').waitFor()
    await ada.locator('[data-pending=queued]', { hasText: 'survives a reload' }).waitFor()
    expect(await ada.locator('.composer textarea').inputValue()).toBe('a draft')
    await say(ada, 'written after it')
    await gate.open()
    await untilTexts(eve, ['before', 'survives a reload', 'written after it'])
    await untilTexts(ada, ['before', 'survives a reload', 'written after it'])
    expect(await ada.locator('.own').count()).toBe(3)
  })

  it('goes on after the server was killed in the middle of a conversation: nothing lost, nothing twice', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', room)
    const eve = await visit('Eve', room)
    const expected: string[] = []
    for (let n = 0; n < 6; n++) {
      const text = `${n % 2 === 0 ? 'a' : 'e'}${n}`
      expected.push(text)
      await say(n % 2 === 0 ? ada : eve, text)
      if (n !== 3) await untilTexts(n % 2 === 0 ? eve : ada, expected)
      else {
        await chat.kill()
        await ada.locator('.banner', { hasText: /Reconnecting|Connecting/ }).waitFor()
        await chat.start()
        for (const page of [ada, eve])
          await page
            .locator('.banner button')
            .click({ timeout: 1500 })
            .catch(() => {})
        await untilTexts(ada, expected)
        await untilTexts(eve, expected)
      }
    }
    await untilTexts(ada, expected)
    await untilTexts(eve, expected)
  })

  it('says how long until the next attempt, and tries now when told', async () => {
    const ada = await visit('Ada', freshRoom())
    gate.shut()
    await ada.locator('.banner', { hasText: /Reconnecting in \d+ s \(attempt \d+\)/ }).waitFor()
    await gate.open()
    await ada
      .locator('.banner button', { hasText: 'Try now' })
      .click({ timeout: 1500 })
      .catch(() => {})
    await ada.locator('.banner', { hasText: 'Back online' }).waitFor()
    await ada.locator('.banner').waitFor({ state: 'detached' })
  })

  it('leaves Enter to the input method while a word is composed', async () => {
    const ada = await visit('小明', freshRoom())
    const field = ada.locator('.composer textarea')
    await field.focus()
    const keyboard = await ada.context().newCDPSession(ada)
    await keyboard.send('Input.imeSetComposition', { text: 'nihao', selectionStart: 5, selectionEnd: 5 })
    await field.evaluate((node) =>
      node.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
      ),
    )
    await field.evaluate((node) =>
      node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })),
    )
    expect(await texts(ada)).toEqual([])
    await keyboard.send('Input.insertText', { text: '你好' })
    expect(await field.inputValue()).toBe('你好')
    await field.press('Enter')
    await untilTexts(ada, ['你好'])
  })

  it('starts a new line with Shift+Enter, edits with Up, gives up with Esc, deletes', async () => {
    const ada = await visit('Ada', freshRoom())
    const field = ada.locator('.composer textarea')
    await field.fill('one')
    await field.press('Shift+Enter')
    await field.pressSequentially('two')
    await field.press('Enter')
    await untilTexts(ada, ['one\ntwo'])
    await field.press('ArrowUp')
    await ada.locator('.context', { hasText: 'Editing' }).waitFor()
    expect(await field.inputValue()).toBe('one\ntwo')
    await field.press('Escape')
    expect(await field.inputValue()).toBe('')
    await field.press('ArrowUp')
    await field.fill('changed')
    await field.press('Enter')
    await untilTexts(ada, ['changed'])
    await ada.locator('.meta', { hasText: 'edited' }).waitFor()
    await ada.locator('.message .line').hover()
    await ada.locator('[aria-label="Delete"]').click()
    await untilTexts(ada, ['Message deleted'])
  })

  it('says so when a message cannot be deleted', async () => {
    const ada = await visit('Ada', freshRoom())
    await say(ada, 'stays')
    await untilTexts(ada, ['stays'])
    await ada.context().setOffline(true)
    await ada.locator('.banner', { hasText: 'Offline' }).waitFor()
    await ada.locator('.message .line').hover()
    await ada.locator('[aria-label="Delete"]').click()
    await ada.locator('.failure', { hasText: 'Not deleted (not connected)' }).waitFor()
    await ada.context().setOffline(false)
    await ada.locator('.banner').waitFor({ state: 'detached' })
    await ada.locator('[aria-label="Delete"]').click()
    await untilTexts(ada, ['Message deleted'])
    expect(await ada.locator('.failure').count()).toBe(0)
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
    await say(eve, 'followed')
    await ada.locator('.text', { hasText: 'followed' }).waitFor()
    await ada.waitForFunction(() => {
      const box = document.querySelector('.scroller')!
      return box.scrollHeight - box.scrollTop - box.clientHeight < 2
    })
  })

  it('works on a phone: one pane, drawers, fingers', async () => {
    const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }
    const ada = await openTab(browser, gate.url, phone)
    await enter(ada, 'Ada')
    const wide = await ada.evaluate(() => document.documentElement.scrollWidth)
    expect(wide).toBeLessThanOrEqual(390)
    expect(await ada.locator('.rooms nav').isVisible()).toBe(false)
    await ada.locator('[aria-label="Show rooms"]').click()
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
    const ada = await openTab(browser, gate.url)
    await enter(ada, 'Ada')
    const eve = await openTab(browser, gate.url)
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
    const page = await openTab(browser, gate.url, { locale: 'zh-CN' })
    await page.locator('h1', { hasText: '加入聊天' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans')
    await page.locator('.language').click()
    await page.locator('h1', { hasText: 'Join the conversation' }).waitFor()
    await page.reload()
    await page.locator('h1', { hasText: 'Join the conversation' }).waitFor()
  })
})
