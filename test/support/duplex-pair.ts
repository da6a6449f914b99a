/**
 * Two streams joined in memory, each with a tap that can be shut: what is written while it is shut stays in the writer's
 * buffers, as with a peer that does not read.
 */
import { Duplex, type DuplexOptions } from 'node:stream'

export class JoinedStream extends Duplex {
  #other: JoinedStream | undefined
  #isHeld = false
  #waiting: { chunk: Buffer; done: () => void }[] = []

  /** Join two of them. */
  static pair(options: DuplexOptions = {}): [JoinedStream, JoinedStream] {
    const [one, two] = [new JoinedStream(options), new JoinedStream(options)]
    one.#other = two
    two.#other = one
    return [one, two]
  }

  /** Take no more of what is written here. */
  hold(): void {
    this.#isHeld = true
  }

  /** Take what waits, or that many writes of it. */
  release(count = Infinity): void {
    this.#isHeld = count !== Infinity
    for (const { chunk, done } of this.#waiting.splice(0, count)) this.#deliver(chunk, done)
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#isHeld) this.#waiting.push({ chunk, done })
    else this.#deliver(chunk, done)
  }

  override _read(): void {
    // What comes is pushed.
  }

  override _final(done: () => void): void {
    this.#other!.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other
    process.nextTick(() => other?.destroy())
    done(error)
  }

  #deliver(chunk: Buffer, done: () => void): void {
    // A copy: the two ends do not share memory, as over a network.
    if (!this.#other!.destroyed) this.#other!.push(Buffer.from(chunk))
    done()
  }
}
