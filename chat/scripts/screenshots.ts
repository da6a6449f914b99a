/**
 * `npm run screenshots -w chat`: starts a chat server of its own, plays a conversation, and writes the pictures of the README:
 * desktop and phone, light and dark, room, inspector and playground, to `docs/images/`.
 */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { ChatProcess, enter, hasChromium, launch, openTab, say } from '../test/browser/stage.ts'
import buildPage from '../test/support/build-page.ts'

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url))

const DEVICES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1.5 },
} as const

interface Visit {
  readonly browser: Browser
  readonly device: keyof typeof DEVICES
  readonly name: string
  readonly text: string
  /** Somebody who is there already. */
  readonly noor: Page
}

type Line = readonly [who: number, text: string]

const CONVERSATION: readonly Line[] = [
  [0, 'Morning! Has anybody read section 5.2 yet? The diagram with the bits, I mean.'],
  [1, 'Yes. FIN, three reserved bits, four of opcode.'],
  [1, 'The mask is what puzzled me at first.'],
  [
    2,
    'It hides nothing: the key stands right before the payload. It only keeps a script from choosing the bytes on the wire.',
  ],
  [0, 'So that no cache on the way can be fooled. https://www.rfc-editor.org/rfc/rfc6455#section-10.3'],
  [1, '好的，明白了 👍'],
  [2, 'Open the inspector and watch your own key change with every frame.'],
]

/** Write a picture; PNG with a palette's worth of flat colour stays small. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled', caret: 'hide' })
  console.log(`docs/images/${name}.png`)
}

/** The same page in light and in dark. */
async function shootBoth(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await shoot(page, `${name}-${colorScheme}`)
  }
}

async function seenBy(url: string, { browser, device, name, text, noor }: Visit): Promise<void> {
  const page = await openTab(browser, url, { ...DEVICES[device], reducedMotion: 'reduce' })
  await page.locator('input[type=radio]').first().waitFor()
  await page.locator('.count', { hasText: '3 online' }).waitFor()
  await shoot(page, `welcome-${device}-light`)
  await enter(page, name, 'general')
  if (device === 'desktop') await leaveUnread(page, noor)
  await say(page, text)
  await page.locator('.message.own[data-seq] .state').first().waitFor()
  await shootBoth(page, `room-${device}`)
  await page.locator('[aria-label="Wire inspector"]').click()
  await page.locator('.row.in', { hasText: '"send"' }).last().click()
  await page.locator('.detail .bit').first().waitFor()
  await page.mouse.move(0, 0)
  await page.locator('.counters dd', { hasText: 'ms' }).waitFor()
  await shootBoth(page, `inspector-${device}`)
  if (device === 'desktop') {
    await page.locator('#wire-tab-handshake').click()
    await page.locator('.verdict').waitFor()
    await shoot(page, `handshake-${device}-dark`)
  }
  await page.context().close()
}

/** Look into #random and go back, and let somebody write there. */
async function leaveUnread(page: Page, noor: Page): Promise<void> {
  for (const one of [page, noor]) {
    await one.locator('nav .room', { hasText: 'random' }).click()
    await one.locator('main h1', { hasText: 'random' }).waitFor()
  }
  await page.locator('nav .room', { hasText: 'general' }).click()
  await page.locator('main h1', { hasText: 'general' }).waitFor()
  for (const text of ['Anybody for tea?', 'Four o’clock then.']) await say(noor, text)
  await page.locator('nav .badge', { hasText: '2' }).waitFor()
  await noor.locator('nav .room', { hasText: 'general' }).click()
}

async function studied(url: string, browser: Browser, device: keyof typeof DEVICES): Promise<void> {
  const page = await openTab(browser, `${url}study/`, { ...DEVICES[device], reducedMotion: 'reduce' })
  await page.locator('.bit').nth(3).click()
  await page.locator('.violation').waitFor()
  if (device === 'phone') await page.locator('.bytes').scrollIntoViewIfNeeded()
  await shootBoth(page, `study-${device}`)
  await page.context().close()
}

async function main(): Promise<void> {
  if (!hasChromium) return
  mkdirSync(folder, { recursive: true })
  buildPage()
  const chat = new ChatProcess({ isForTests: false })
  await chat.start()
  const url = `http://127.0.0.1:${chat.port}/`
  const browser = await launch()
  try {
    const people = await Promise.all(
      ['Ada', 'Noor', 'Tomás'].map((name) =>
        openTab(browser, url).then(async (page) => (await enter(page, name, 'general'), page)),
      ),
    )
    for (const [who, text] of CONVERSATION) {
      await say(people[who]!, text)
      await people[0]!
        .locator('.message[data-seq] .text', { hasText: text.slice(0, 20) })
        .first()
        .waitFor()
    }
    const noor = people[1]!
    await seenBy(url, {
      browser,
      device: 'desktop',
      name: 'Kim',
      text: 'Doing it now. The handshake is in there, too.',
      noor,
    })
    await seenBy(url, { browser, device: 'phone', name: 'Lin', text: 'And it all fits on a phone.', noor })
    await studied(url, browser, 'desktop')
    await studied(url, browser, 'phone')
  } finally {
    await browser.close()
    await chat.stop()
  }
}

await main()
