import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { hasChromium, openRoom } from './stage.ts'

/** More than one page of messages, and of members who are away, holds. */
const CROWD = 60

describe.skipIf(!hasChromium)('pages of the past in Chromium', { timeout: 120_000 }, () => {
  const { visit, freshRoom } = useCast()

  /** So many guests come, say a line, and go. */
  const crowd = (page: Page, room: string): Promise<void> =>
    page.evaluate(
      async ({ room, count }) => {
        const cid = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
        const comeAndGo = (name: string): Promise<void> =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(new URL('/chat', location.href.replace(/^http/, 'ws')), 'chat.v1')
            const ask = (id: number, t: string, d: object): void => socket.send(JSON.stringify({ t, id, room, d }))
            socket.onopen = () => {
              ask(1, 'auth', { guest: { name } })
              ask(2, 'join', {})
              ask(3, 'send', { cid: cid().replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'), text: name })
            }
            socket.onmessage = ({ data }) => {
              const { re, ok } = JSON.parse(data as string) as { re?: number; ok?: boolean }
              if (ok === false) reject(new Error(String(data)))
              if (re === 3) ask(4, 'leave', {})
              if (re === 4) socket.close()
            }
            socket.onclose = () => resolve()
          })
        const names = Array.from({ length: count }, (_, n) => `guest ${n + 1}`)
        while (names.length > 0) await Promise.all(names.splice(0, 20).map(comeAndGo))
      },
      { room, count: CROWD },
    )

  /** Requests of a type reach the server as one that it does not know, until the answer is called. */
  const garble = async (page: Page, type: string): Promise<() => Promise<void>> => {
    await page.evaluate((type) => {
      const { send } = WebSocket.prototype
      WebSocket.prototype.send = function (data) {
        send.call(this, String(data).replace(`"t":"${type}"`, '"t":"nonsense"'))
      }
      Object.assign(window, { mend: () => (WebSocket.prototype.send = send) })
    }, type)
    return () => page.evaluate(() => (window as unknown as { mend(): void }).mend())
  }

  it('say why they did not come, and come when they are asked for again', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', freshRoom())
    await crowd(ada, room)
    await openRoom(ada, room)
    const messages = ada.locator('.message[data-seq]')
    const earlier = ada.locator('.top button')
    await messages.nth(49).waitFor()
    let mend = await garble(ada, 'history')
    await earlier.scrollIntoViewIfNeeded()
    await ada
      .locator('.top .failure', { hasText: 'Earlier messages were not loaded (unknown to this server)' })
      .waitFor()
    expect(await messages.count()).toBe(50)
    const { violations } = await new AxeBuilder({ page: ada }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await mend()
    await earlier.filter({ hasText: 'Try again' }).focus()
    await ada.keyboard.press('Enter')
    await ada.locator('.top .beginning').waitFor()
    expect([await messages.count(), await ada.locator('.failure').count()]).toEqual([CROWD, 0])
    expect(await ada.evaluate(() => document.activeElement?.className)).toBe('scroller')

    const away = ada.locator('.away li')
    const more = ada.locator('.people .more-away')
    expect(await away.count()).toBe(50)
    mend = await garble(ada, 'absent')
    await more.filter({ hasText: 'Show more' }).click()
    await ada.locator('.people .failure', { hasText: 'was not loaded (unknown to this server)' }).waitFor()
    await mend()
    await more.filter({ hasText: 'Try again' }).click()
    await more.waitFor({ state: 'detached' })
    expect([await away.count(), await ada.locator('.failure').count()]).toEqual([CROWD, 0])
  })
})
