/**
 * What every client under test does with the suite's fuzzing server: ask how many cases there are, run each of them as
 * an echo, then have the reports written. The client itself comes in as one function.
 */

/** A message as the client under test gave it: text as a string, everything else as its bytes. */
export type Message = string | Uint8Array | ArrayBuffer

/**
 * Open a connection, pass every message on with a way to answer it, and resolve when the connection is closed, however
 * it ended. It never rejects: most cases end in a failed connection by design.
 */
export type OpenConnection = (
  url: string,
  onMessage: (message: Message, answer: (reply: Message) => void) => void,
) => Promise<void>

/** Run every case of the fuzzing server at `base` (`ws://127.0.0.1:9001`) in the name of `agent`. */
export async function runCases(open: OpenConnection, base: string, agent: string): Promise<void> {
  let count = 0
  await open(`${base}/getCaseCount`, (message) => {
    count = Number(message)
  })
  if (!(count > 0)) throw new Error(`the fuzzing server at ${base} named ${count} cases, at least 1 required`)

  for (let number = 1; number <= count; number++) {
    await open(`${base}/runCase?case=${number}&agent=${encodeURIComponent(agent)}`, (message, answer) =>
      answer(message),
    )
  }
  await open(`${base}/updateReports?agent=${encodeURIComponent(agent)}`, () => {})
}
