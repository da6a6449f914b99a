/** The same for OpenTelemetry: instruments that read `stats()` when they are collected, and a histogram of lifetimes. */
import { subscribe } from 'node:diagnostics_channel'
import { metrics } from '@opentelemetry/api'
import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { WebSocketServer, type CloseOutcome } from 'barewire'

const reader = new PeriodicExportingMetricReader({
  exporter: new ConsoleMetricExporter(),
  exportIntervalMillis: 60_000,
})
const provider = new MeterProvider({ readers: [reader] })
metrics.setGlobalMeterProvider(provider)

const server = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })

const meter = metrics.getMeter('barewire')
meter.createObservableGauge('websocket.connections').addCallback((result) => result.observe(server.stats().connections))
meter.createObservableCounter('websocket.messages').addCallback((result) => {
  const { messagesIn, messagesOut } = server.stats()
  result.observe(messagesIn, { direction: 'in' })
  result.observe(messagesOut, { direction: 'out' })
})
const lifetime = meter.createHistogram('websocket.lifetime', { unit: 'ms' })
const opened = new WeakMap<object, number>()

subscribe('barewire:open', (event) => opened.set((event as { socket: object }).socket, performance.now()))
subscribe('barewire:close', (event) => {
  const { socket, outcome } = event as { socket: object; outcome: CloseOutcome }
  lifetime.record(performance.now() - (opened.get(socket) ?? 0), { cause: outcome.cause })
})

await server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1')
console.log('listening', server.address())
process.once('SIGTERM', async () => {
  await provider.shutdown()
  await server.shutdown()
})
