// Runs one of the other implementations as the endpoint under test:
//
//   node --import tsx autobahn/peers/main.mjs NAME server HOST PORT
//   node --import tsx autobahn/peers/main.mjs NAME client ws://HOST:PORT
//
// A peer is a module with `serve(host, port)` (an echo server with permessage-deflate) and `open` (see case-loop.ts).
import { runCases } from '../case-loop.ts'

const [name, role, ...rest] = process.argv.slice(2)
const peer = await import(`./${name}.mjs`)

if (role === 'server') {
  const [host, port] = rest
  await peer.serve(host, Number(port))
  console.log(`listening on ws://${host}:${port}`)
} else {
  await runCases(peer.open, rest[0], name)
  process.exit(0)
}
