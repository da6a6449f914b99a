/** Where the time of a server goes: V8's sampling profiler looks on between two questions of the bench. */
import { Session } from 'node:inspector'

const INTERVAL_US = 200
const session = new Session()

const post = (method, params) =>
  new Promise((resolve, reject) =>
    session.post(method, params, (error, result) => (error ? reject(new Error(error.message)) : resolve(result))),
  )

export async function startProfile() {
  session.connect()
  await post('Profiler.enable')
  await post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await post('Profiler.start')
  return {}
}

/** Answers microseconds by function, its file with it. */
export async function stopProfile() {
  const { profile } = await post('Profiler.stop')
  session.disconnect()
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map()
  for (const [index, id] of profile.samples.entries()) {
    const { functionName, url } = frames.get(id)
    const key = JSON.stringify([functionName, url])
    times.set(key, (times.get(key) ?? 0) + profile.timeDeltas[index])
  }
  return [...times].map(([key, us]) => {
    const [name, url] = JSON.parse(key)
    return { name, url, us }
  })
}
