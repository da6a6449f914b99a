/** People on a stage of their own: a chat server, a gate before it, a browser, for the tests of one file. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { ChatProcess, complaints, enter, Gate, launch, openRoom, openTab } from './stage.ts'

export interface Cast {
  readonly chat: ChatProcess
  readonly gate: Gate
  /** A tab on the first screen. */
  arrive(options?: BrowserContextOptions): Promise<Page>
  /** A tab of somebody in a room. */
  visit(name: string, room: string): Promise<Page>
  /** A room that no other test is in. */
  freshRoom(): string
}

/**
 * A chat server and a browser, to be called where the tests are described: the browser is there when they run. Whatever a page
 * complains of fails its test.
 */
export function useBrowser(chat: ChatProcess): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    await chat.start()
    browser = await launch()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await chat.stop()
  })
  afterEach(async () => {
    for (const context of browser!.contexts()) await context.close()
    expect(complaints.splice(0)).toEqual([])
  })
  return () => browser!
}

/** The same with a gate before the server. */
export function useCast(): Cast {
  const chat = new ChatProcess()
  const gate = new Gate(() => chat.port)
  const browser = useBrowser(chat)
  let rooms = 0

  beforeAll(() => gate.open())
  afterAll(() => gate.close())
  afterEach(() => gate.open())

  const arrive = (options: BrowserContextOptions = {}): Promise<Page> => openTab(browser(), gate.url, options)
  return {
    chat,
    gate,
    arrive,
    visit: async (name, room) => {
      const page = await arrive()
      await enter(page, name)
      await openRoom(page, room)
      return page
    },
    freshRoom: () => `test-${++rooms}`,
  }
}
