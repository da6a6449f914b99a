/**
 * One handshake of a client while it is under way, and a refusal as far as it tells why. RFC 6455 4.1; RFC 9110 15.
 */
import { BODY_KEPT, HandshakeError, type SeenAnswer } from './handshake-error.ts'

/** One request under way: it ends once, and takes its listener with it. */
export class Attempt {
  readonly #request: { destroy(): unknown }
  readonly #signal: AbortSignal
  readonly #reject: (error: HandshakeError) => void
  readonly #abort = (): void => this.fail(this.#refusal?.() ?? this.#signal.reason)
  #refusal: (() => HandshakeError) | undefined
  #isOver = false

  constructor(request: { destroy(): unknown }, signal: AbortSignal, reject: (error: HandshakeError) => void) {
    this.#request = request
    this.#signal = signal
    this.#reject = reject
    signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** The server has refused; when the time is over that is what is told, with as much of the body as there is. */
  set refusal(refusal: () => HandshakeError) {
    this.#refusal = refusal
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Answers whether it was still under way. */
  end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#signal.removeEventListener('abort', this.#abort)
    return true
  }

  fail(error: HandshakeError): void {
    if (!this.end()) return
    this.#request.destroy()
    this.#reject(error)
  }
}

/** A server that refuses may say why. */
export async function readRefusal(
  attempt: Attempt,
  response: SeenAnswer,
  refused: { readonly body: AsyncIterable<Buffer>; readonly required: string },
): Promise<void> {
  const chunks: Buffer[] = []
  let length = 0
  const refusal = (): HandshakeError => {
    const body = Buffer.concat(chunks).toString('utf8', 0, BODY_KEPT)
    const message = `the server answered with status ${response.statusCode}, ${refused.required} is required`
    return new HandshakeError('status', message, { response, body })
  }
  attempt.refusal = refusal
  try {
    for await (const chunk of refused.body) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= BODY_KEPT) break
    }
  } catch {
    // What has arrived of the body will do.
  }
  attempt.fail(refusal())
}
