import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useBrowser } from './cast.ts'
import { ChatProcess, complaints, enter, hasChromium, openRoom, openTab, say, texts, untilTexts } from './stage.ts'

describe.skipIf(!hasChromium)('the wire inspector in Chromium', { timeout: 180_000 }, () => {
  const chat = new ChatProcess()
  const browser = useBrowser(chat)
  const url = (): string => `http://127.0.0.1:${chat.port}/`

  const inspect = async (options = {}, room = 'random'): Promise<Page> => {
    const page = await openTab(browser(), url(), { viewport: { width: 1360, height: 860 }, ...options })
    await enter(page, 'Ada', room)
    await page.locator('[aria-label="Wire inspector"]').click()
    await page.locator('.inspector .row').first().waitFor()
    return page
  }

  it('shows the frames of a message just sent, the chosen one bit by bit', async () => {
    const page = await inspect()
    const words = `bits and bytes ${'and bytes '.repeat(20)}`.trim()
    await say(page, words)
    await page.locator('.inspector [type=search]').fill('bits and bytes')
    const sent = page.locator('.row.in', { hasText: '"send"' })
    await sent.waitFor()
    await page.locator('.row.out', { hasText: '"msg"' }).waitFor()
    await sent.click()
    const detail = page.locator('.detail')
    await detail.locator('h3', { hasText: 'text' }).waitFor()
    const bits = (await detail.locator('.bit').allTextContents()).slice(0, 16).map((bit) => bit.trim())
    // FIN 1, RSV 0 or compressed, opcode 0001, MASK 1.
    expect(bits[0]).toBe('1')
    expect(bits.slice(2, 8).join('')).toBe('000001')
    expect(bits[8]).toBe('1')
    expect(await detail.locator('pre.text').textContent()).toContain(words)
    expect(await detail.locator('.plain td').count()).toBe(12)
    if (bits[1] === '1') await detail.locator('h4', { hasText: 'Inflated' }).waitFor()
    await page.locator('.row.out', { hasText: '"msg"' }).click()
    await detail.locator('.note', { hasText: 'a server must not mask its frames' }).waitFor()
  })

  it('keeps the chosen frame in sight while others come', async () => {
    const page = await inspect()
    for (let n = 1; n <= 15; n++) await say(page, `line ${n}`)
    const isInSight = async (row: Locator): Promise<boolean> => {
      const list = (await page.locator('.inspector .list').boundingBox())!
      const { y, height } = (await row.boundingBox())!
      // Scrolling stops at whole pixels, the list may not end at one.
      return y >= list.y - 1 && y + height <= list.y + list.height + 1
    }
    // While none is chosen the list has the room of what would be shown of it.
    const newest = page.locator('.row.in', { hasText: '"line 15"' }).first()
    await newest.waitFor()
    const high = (await page.locator('.inspector .list').boundingBox())!.height
    await newest.click()
    await page.locator('.detail').waitFor()
    expect((await page.locator('.inspector .list').boundingBox())!.height).toBeLessThan(high / 1.5)
    expect(await isInSight(newest)).toBe(true)
    const sent = page.locator('.row.in', { hasText: '"line 8"' }).first()
    await sent.click()
    for (let n = 16; n <= 30; n++) await say(page, `line ${n}`)
    await page.locator('.row.in', { hasText: '"line 30"' }).first().waitFor({ state: 'attached' })
    expect(await isInSight(sent)).toBe(true)
    await page.locator('.inspector .list').evaluate((node) => (node.scrollTop = node.scrollHeight))
    await say(page, 'followed')
    const last = page.locator('.row.in', { hasText: '"followed"' }).first()
    await last.waitFor()
    await page.waitForFunction(() => {
      const box = document.querySelector('.inspector .list')!
      return box.scrollHeight - box.scrollTop - box.clientHeight < 2
    })
  })

  it('proves the handshake step by step', async () => {
    const page = await inspect()
    await page.locator('#wire-tab-handshake').click()
    await page.locator('.verdict.good', { hasText: 'Equal to Sec-WebSocket-Accept' }).waitFor()
    const request = await page.locator('.handshake pre').first().textContent()
    expect(request).toMatch(/^GET \/chat HTTP\/1\.1/)
    const key = /Sec-WebSocket-Key: (\S+)/i.exec(request!)![1]
    expect(await page.locator('.proof code').first().textContent()).toBe(key)
  })

  it('filters, pauses and clears', async () => {
    const page = await inspect()
    await page.locator('.tools select').first().selectOption('control')
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.row')].every((row) =>
        /ping|pong|close/.test((row as HTMLElement).dataset['opcode']!),
      ),
    )
    await page.locator('.tools select').first().selectOption('all')
    await page.locator('[aria-label="Pause"]').click()
    const count = await page.locator('.row').count()
    await say(page, 'while paused')
    await page.locator('.paused', { hasText: /[1-9]\d* frames? held back/ }).waitFor()
    expect(await page.locator('.row').count()).toBe(count)
    await page.locator('[aria-label="Resume"]').click()
    await page.locator('.row', { hasText: 'while paused' }).first().waitFor()
    const download = page.waitForEvent('download')
    await page.locator('[aria-label="Export"]').click()
    const exported = JSON.parse(await readFile(await (await download).path(), 'utf8')) as {
      handshake: { request: string }
      frames: { opcode?: string; hex?: string }[]
    }
    expect(exported.handshake.request).toMatch(/^GET \/chat/)
    expect(exported.frames.filter(({ opcode }) => opcode === 'text').length).toBeGreaterThan(3)
    await page.locator('[aria-label="Clear"]').click()
    expect(await page.locator('.row', { hasText: 'while paused' }).count()).toBe(0)
  })

  it('bears that the list is left while it still scrolls', async () => {
    const page = await inspect()
    const list = await page.locator('.inspector .list').elementHandle()
    await page.locator('#wire-tab-handshake').click()
    await page.locator('.handshake').waitFor()
    await list!.evaluate((node) => node.dispatchEvent(new Event('scroll')))
    expect(complaints).toEqual([])
  })

  it('breaks the connection when told, and the page recovers without loss or doubles', async () => {
    const page = await inspect({}, 'help')
    await say(page, 'first')
    await untilTexts(page, ['first'])
    for (const [fault, text] of [
      ['drop', 'after the drop'],
      ['badFrame', 'after the bad frame'],
    ] as const) {
      await page.locator('#wire-tab-frames').click()
      const begun = await page.locator('.mark.begin').count()
      await page.locator('#wire-tab-faults').click()
      await page.locator(`[data-fault="${fault}"]`).click()
      await page.locator('#wire-tab-frames').click()
      await page
        .locator('.mark.end')
        .nth(begun - 1)
        .waitFor()
      await page.locator('.mark.begin').nth(begun).waitFor()
      await say(page, text)
      await page.locator('.message[data-seq] .text', { hasText: text }).waitFor()
    }
    await page.locator('#wire-tab-faults').click()
    await page.locator('[data-fault="duplicate"]').click()
    await page.locator('.done', { hasText: 'Duplicate' }).waitFor()
    await say(page, 'twice on the wire')
    await untilTexts(page, ['first', 'after the drop', 'after the bad frame', 'twice on the wire'])
    await page.locator('#wire-tab-frames').click()
    await page.locator('.inspector [type=search]').fill('twice on the wire')
    await page.locator('.row.out', { hasText: '"msg"' }).nth(1).waitFor()
    expect(await page.locator('.message[data-seq]').count()).toBe(4)
  })

  it('sends again what was never acknowledged, and it stays one message', async () => {
    const page = await inspect({}, 'general')
    await page.locator('#wire-tab-faults').click()
    await page.locator('[data-fault="loseAcks"]').click()
    await page.locator('.done', { hasText: 'Lose acks' }).waitFor()
    await say(page, 'swallowed')
    await page.locator('[data-pending=sending]').waitFor()
    await page.locator('.message[data-seq] .text', { hasText: 'swallowed' }).waitFor({ timeout: 180_000 })
    await page.locator('[data-pending]').waitFor({ state: 'detached', timeout: 60_000 })
    await say(page, 'and on')
    await page.locator('.message[data-seq] .text', { hasText: 'and on' }).waitFor({ timeout: 60_000 })
    await untilTexts(page, ['swallowed', 'and on'])
  })

  it('finds out that the server has fallen silent, and brings what was written to a new connection, once', async () => {
    const page = await inspect()
    const eve = await openTab(browser(), url())
    await enter(eve, 'Eve')
    await openRoom(eve, 'test-1')
    await openRoom(page, 'test-1')
    await say(page, 'before')
    await untilTexts(eve, ['before'])
    await page.locator('#wire-tab-faults').click()
    await page.locator('[data-fault="freeze"]').click()
    await page.locator('.done', { hasText: 'Done: Freeze' }).waitFor()
    await say(page, 'into the silence')
    await page.locator('[data-pending=sending]').waitFor()
    await say(eve, 'meanwhile')
    await untilTexts(eve, ['before', 'meanwhile'])
    expect(await texts(page)).toEqual(['before'])
    // The heartbeat asks by itself after up to 30 s; a page that is looked at again asks at once.
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await untilTexts(page, ['before', 'meanwhile', 'into the silence'])
    await untilTexts(eve, ['before', 'meanwhile', 'into the silence'])
    await page.locator('#wire-tab-frames').click()
    await page.locator('.mark.begin').nth(1).waitFor()
    expect(await page.locator('[data-pending]').count()).toBe(0)
  })

  it('says so when a fault cannot be caused', async () => {
    const page = await inspect()
    await page.locator('#wire-tab-faults').click()
    await page.context().setOffline(true)
    await page.locator('.banner', { hasText: 'Offline' }).waitFor()
    await page.locator('[data-fault="drop"]').click()
    await page.locator('.done.failed', { hasText: 'Not possible without a connection: Drop TCP' }).waitFor()
  })
})
