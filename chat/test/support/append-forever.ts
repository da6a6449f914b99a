/** A program for a test: appends to a file until it is killed, and prints each `seq` that was acknowledged. */
import { embeddedBackend } from '../../server/stores/embedded.ts'

const [path, driver] = process.argv.slice(2)
const { store } = embeddedBackend({ path: path!, driver: driver as 'libsql' })
await store.createRoom('general', 'General')
await store.enrol('general', 'u-bo')
for (let i = 1; ; i += 1) {
  const from = { id: 'u-anna', name: 'Anna' }
  const cid = String(i).padStart(22, '0')
  const results = [store.append({ room: 'general', from, cid, kind: 'msg', text: `${i}`, ts: i })]
  if (i % 10 === 0) results.push(...results)
  const [result] = await Promise.all(results)
  if (result?.ok === true) process.stdout.write(`${result.seq}\n`)
}
