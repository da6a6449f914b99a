/**
 * What the browser tests stand on: the built page, the chat server as a process of its own, a TCP gate in between that can
 * be shut, and Debian's Chromium.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'

const chatFolder = fileURLToPath(new URL('../../', import.meta.url))
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether the tests can run. Without a browser they are skipped with one line; in CI that is a failure. */
export const hasChromium: boolean = existsSync(executablePath)
if (!hasChromium) {
  const line = `browser tests: there is no Chromium at ${executablePath} (set CHROMIUM, or install Debian's chromium)`
  if (process.env['CI'] === 'true') throw new Error(line)
  console.log(`${line}; skipped`)
}

export const launchArgs: string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args: launchArgs })
}

/** The rooms of a fresh installation. */
const USUAL_ROOMS = ['general', 'random', 'help']
/** Rooms that tests can have for themselves. */
const TEST_ROOMS = Array.from({ length: 30 }, (_, index) => `test-${index + 1}`)

/** The chat server in a process of its own, which can be killed and started again with the same store. */
export class ChatProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'barewire-browser-'))
  readonly #isForTests: boolean
  readonly #settings: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  port = 0

  /** `settings` are environment variables of the server. */
  constructor({ isForTests = true, settings = {} }: { isForTests?: boolean; settings?: Record<string, string> } = {}) {
    this.#isForTests = isForTests
    this.#settings = settings
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/run.ts'], {
      cwd: chatFolder,
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        PORT: String(this.port),
        ROOMS: [...USUAL_ROOMS, ...(this.#isForTests ? TEST_ROOMS : [])].join(','),
        STORE: `file:${join(this.#folder, 'chat.db')}`,
        REDIS_URL: '',
        LOG_LEVEL: 'error',
        DRAIN_MS: '300',
        ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const [address] = (await Promise.race([
      once(createInterface(child.stdout!), 'line'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the chat server ended with ${code}`))),
    ])) as [string]
    this.port = Number(new URL(address).port)
  }

  /** Have it read its key files anew. */
  reload(): void {
    this.#child?.kill('SIGHUP')
  }

  /** Stop it where it stands: connections stay open, and nothing is read. */
  halt(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** End it without a word, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/**
 * A TCP relay between page and server. Shut, it lets the page be loaded and refuses every upgrade, and cuts the ones there
 * are: what a lost network looks like to a page that can still be reloaded.
 */
export class Gate {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isShut = false

  constructor(target: () => number) {
    this.#server = createServer((client) => {
      const server = createConnection(target(), '127.0.0.1')
      for (const socket of [client, server]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          client.destroy()
          server.destroy()
        })
      }
      client.on('data', (chunk) => {
        if (this.#isShut && /^upgrade: websocket/im.test(chunk.toString('latin1'))) client.destroy()
        else server.write(chunk)
      })
      server.pipe(client)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async open(): Promise<void> {
    this.#isShut = false
    if (this.#server.listening) return
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  shut(): void {
    this.#isShut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A tab in a profile of its own. Whatever the page complains of fails the test. */
export async function openTab(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return page
}

/** Errors that pages have thrown; a test ends by finding none. */
export const complaints: string[] = []

/** Come in by the first screen. */
export async function enter(page: Page, name: string, room?: string): Promise<void> {
  await page.locator('input[type=radio]').first().waitFor()
  if (room !== undefined) await page.locator(`input[type=radio][value="${room}"]`).check()
  await page.locator('#name').fill(name)
  await page.locator('#name').press('Enter')
  await page.locator('.composer textarea').waitFor()
  await page.locator('.beginning, .top .button').first().waitFor()
}

/** The button of a room in the list. */
export function roomButton(page: Page, room: string): Locator {
  return page.locator('nav .room', { has: page.locator('.name', { hasText: new RegExp(`^${room}$`) }) })
}

/** Go into a room from the list. */
export async function openRoom(page: Page, room: string): Promise<void> {
  await roomButton(page, room).click()
  await page.locator('main h1', { hasText: room }).waitFor()
  await page.locator('.beginning, .top .button').first().waitFor()
}

/** Write a message and send it with Enter. */
export async function say(page: Page, text: string): Promise<void> {
  const field = page.locator('.composer textarea')
  await field.fill(text)
  await field.press('Enter')
}

/** The texts of the messages that are stored, in the order of the page. */
export function texts(page: Page): Promise<string[]> {
  return page.locator('.message[data-seq] .text').allTextContents()
}

/** Wait until the page shows exactly these stored messages, in this order. */
export async function untilTexts(page: Page, expected: string[]): Promise<void> {
  await page
    .waitForFunction((wanted) => {
      const shown = [...document.querySelectorAll('.message[data-seq] .text')].map((node) => node.textContent)
      return JSON.stringify(shown) === JSON.stringify(wanted)
    }, expected)
    .catch(async () => {
      throw new Error(`the page shows ${JSON.stringify(await texts(page))}, expected ${JSON.stringify(expected)}`)
    })
}
