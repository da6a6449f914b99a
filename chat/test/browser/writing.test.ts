import { describe, expect, it } from 'vitest'
import { useCast } from './cast.ts'
import { hasChromium, openRoom, say, texts, untilTexts } from './stage.ts'

describe.skipIf(!hasChromium)('writing in the chat page in Chromium', { timeout: 120_000 }, () => {
  const { visit, freshRoom } = useCast()

  it('leaves Enter to the input method while a word is composed', async () => {
    const ada = await visit('小明', freshRoom())
    const field = ada.locator('.composer textarea')
    await field.focus()
    const keyboard = await ada.context().newCDPSession(ada)
    await keyboard.send('Input.insertText', { text: '早' })
    // What was committed before stands there, and would be sent.
    await keyboard.send('Input.imeSetComposition', { text: 'an', selectionStart: 2, selectionEnd: 2 })
    await field.evaluate((node) =>
      node.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
      ),
    )
    await field.evaluate((node) =>
      node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })),
    )
    expect(await texts(ada)).toEqual([])
    await keyboard.send('Input.insertText', { text: '安' })
    expect(await field.inputValue()).toBe('早安')
    await field.press('Enter')
    await untilTexts(ada, ['早安'])
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

  it('shows others who types, and what a message answers', async () => {
    const room = freshRoom()
    const ada = await visit('Ada', room)
    const eve = await visit('Eve', room)
    await say(ada, 'tea or coffee?')
    await untilTexts(eve, ['tea or coffee?'])
    await eve.locator('.message .line').hover()
    await eve.locator('[aria-label="Reply"]').click()
    await eve.locator('.context', { hasText: 'Replying to Ada tea or coffee?' }).waitFor()
    await eve.keyboard.type('tea')
    await ada.locator('.typing', { hasText: 'Eve is typing…' }).waitFor()
    await eve.keyboard.press('Enter')
    await untilTexts(ada, ['tea or coffee?', 'tea'])
    await ada.locator('.typing', { hasText: /^$/ }).waitFor({ state: 'attached' })
    expect(await ada.locator('.message blockquote').textContent()).toContain('tea or coffee?')
    expect(await eve.locator('.context').count()).toBe(0)
  })

  it('keeps a draft for each room, and the theme that was chosen, over a reload', async () => {
    const [one, other] = [freshRoom(), freshRoom()]
    const ada = await visit('Ada', one)
    const field = ada.locator('.composer textarea')
    await field.fill('for the one')
    await openRoom(ada, other)
    expect(await field.inputValue()).toBe('')
    await field.fill('for the other')
    await openRoom(ada, one)
    expect(await field.inputValue()).toBe('for the one')
    const background = (): Promise<string> => ada.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()
    await ada.locator('[aria-label="Theme: Like the system"]').click()
    await ada.locator('[aria-label="Theme: Light"]').click()
    await ada.locator('[aria-label="Theme: Dark"]').waitFor()
    expect(await background()).not.toBe(light)
    await ada.reload()
    await ada.locator('[aria-label="Theme: Dark"]').waitFor()
    expect(await background()).not.toBe(light)
    expect(await field.inputValue()).toBe('for the one')
    await openRoom(ada, other)
    expect(await field.inputValue()).toBe('for the other')
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
    // What is written meanwhile waits for the connection, and shows that it is there again.
    await say(ada, 'back')
    await untilTexts(ada, ['stays', 'back'])
    await ada.locator('.message .line').first().hover()
    await ada.locator('[aria-label="Delete"]').first().click()
    await untilTexts(ada, ['Message deleted', 'back'])
    expect(await ada.locator('.failure').count()).toBe(0)
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
})
