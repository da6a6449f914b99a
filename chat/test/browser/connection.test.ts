import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { hasChromium, say, untilTexts } from './stage.ts'

describe.skipIf(!hasChromium)('the connection of the chat page in Chromium', { timeout: 120_000 }, () => {
  const { chat, gate, visit, freshRoom } = useCast()

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
    await ada.locator('.toast', { hasText: 'Back online - 1 missed message loaded, 2 waiting messages sent' }).waitFor()
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
      const [speaker, listener] = n % 2 === 0 ? [ada, eve] : [eve, ada]
      if (n === 3) chat.halt()
      await say(speaker, text)
      if (n !== 3) await untilTexts(listener, expected)
      else {
        // The message has left the page, and nobody has taken it.
        await speaker.locator('[data-pending=sending]').waitFor()
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
    await ada.locator('.toast', { hasText: 'Back online' }).waitFor()
    await ada.locator('.banner').waitFor({ state: 'detached' })
  })
})
