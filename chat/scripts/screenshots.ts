/**
 * `npm run screenshots -w chat`: starts a chat server of its own, plays a conversation, and writes the pictures of the README:
 * desktop and phone, light and dark, room, inspector and playground, to `docs/images/`.
 */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { buildPage, ChatProcess, enter, hasChromium, launch, openTab, say } from '../test/browser/stage.ts'

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url))

const DEVICES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
} as const
const SCHEMES = ['light', 'dark'] as const

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

async function seenBy(
  browser: Browser,
  url: string,
  device: keyof typeof DEVICES,
  scheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await openTab(browser, url, { ...DEVICES[device], colorScheme: scheme, reducedMotion: 'reduce' })
  await page.locator('input[type=radio]').first().waitFor()
  if (scheme === 'light') await shoot(page, `welcome-${device}-${scheme}`)
  await enter(page, 'Kim', 'general')
  await say(page, 'Doing it now. The handshake is in there, too.')
  await page.locator('.message.own[data-seq] .state').first().waitFor()
  await shoot(page, `room-${device}-${scheme}`)
  await page.locator('[aria-label="Wire inspector"]').click()
  await page.locator('.row.in', { hasText: '"send"' }).last().click()
  await page.locator('.detail .bit').first().waitFor()
  await shoot(page, `inspector-${device}-${scheme}`)
  await page.locator('#wire-tab-handshake').click()
  await page.locator('.verdict').waitFor()
  if (device === 'desktop') await shoot(page, `handshake-${device}-${scheme}`)
  await page.context().close()
}

async function studied(
  browser: Browser,
  url: string,
  device: keyof typeof DEVICES,
  scheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await openTab(browser, `${url}study/`, {
    ...DEVICES[device],
    colorScheme: scheme,
    reducedMotion: 'reduce',
  })
  await page.locator('.bit').first().waitFor()
  await shoot(page, `study-${device}-${scheme}`)
  await page.context().close()
}

async function main(): Promise<void> {
  if (!hasChromium) return
  mkdirSync(folder, { recursive: true })
  await buildPage()
  const chat = new ChatProcess()
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
    for (const device of ['desktop', 'phone'] as const) {
      for (const scheme of SCHEMES) {
        await seenBy(browser, url, device, scheme)
        await studied(browser, url, device, scheme)
      }
    }
  } finally {
    await browser.close()
    await chat.stop()
  }
}

await main()
