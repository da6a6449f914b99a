/** What every client under test shares: open connections, then keep messages under way on each of them for a while. */
import { ready } from '../servers/control.mjs'

/**
 * @param {object} adapter
 * @param {(url: string) => any} adapter.open  a socket that is connecting
 * @param {(socket: any, handlers: { open(): void, message(length: number): void }) => void} adapter.listen
 */
export function serveClient({ open, listen }) {
  const lanes = []
  let run = idle()

  function idle() {
    return { payload: undefined, messages: 0, underWay: 0, ending: true, done() {} }
  }

  function onMessage(socket, length) {
    if (length !== run.payload.length) throw new Error(`a message of ${length} bytes came`)
    run.messages++
    if (!run.ending) return socket.send(run.payload)
    if (--run.underWay === 0) run.done()
  }

  ready(0, {
    async connect({ port, connections }) {
      for (let i = 0; i < connections; i++) {
        const socket = open(`ws://127.0.0.1:${port}/`)
        await new Promise((resolve) => {
          listen(socket, { open: resolve, message: (length) => onMessage(socket, length) })
        })
        lanes.push(socket)
      }
      return {}
    },
    async run({ ms, size, inFlight }) {
      run = idle()
      run.payload = Buffer.alloc(size, 0x61)
      run.ending = false
      run.underWay = lanes.length * inFlight
      const finished = new Promise((resolve) => (run.done = resolve))
      const start = performance.now()
      setTimeout(() => (run.ending = true), ms)
      for (const socket of lanes) for (let i = 0; i < inFlight; i++) socket.send(run.payload)
      await finished
      return { messages: run.messages, seconds: (performance.now() - start) / 1000 }
    },
  })
}
