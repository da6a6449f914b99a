/** A visitor who always comes back: connects anew whenever the connection is lost, as the page does. */
import { ChatClient, newCid } from '../../load/chat-client.ts'
import { makeSocket } from './app.ts'

export class Regular {
  readonly client: ChatClient
  readonly #room: string
  readonly #keeping: Promise<void>
  /** Resolves when it is in the room (again). */
  #back: Promise<void>
  #isStaying = true
  /** How often a connection was lost. */
  losses = 0

  constructor(url: string, name: string, room: string) {
    this.client = new ChatClient({ url, make: makeSocket, name })
    this.#room = room
    this.#back = this.#come()
    this.#keeping = this.#keep()
  }

  /** Resolves when it is there. */
  here(): Promise<void> {
    return this.#back
  }

  /** Say something until it is stored; answers its place. */
  async say(text: string): Promise<number> {
    const again = (): Promise<void> => this.#back
    return (await this.client.surely('send', { cid: newCid(), text }, { room: this.#room, again })).seq
  }

  async leave(): Promise<void> {
    this.#isStaying = false
    await this.client.close()
    await this.#keeping
  }

  async #keep(): Promise<void> {
    while (this.#isStaying) {
      await this.#back
      await this.client.ended()
      if (!this.#isStaying) return
      this.losses += 1
      this.#back = this.#come()
    }
  }

  /** Each try is a round trip, and waits for that. */
  async #come(): Promise<void> {
    for (;;) {
      try {
        if (!this.client.isOpen) await this.client.connect()
        await this.client.join(this.#room)
        return
      } catch (error) {
        if (!this.#isStaying) throw error
      }
    }
  }
}
