/**
 * What lies on the bench of the playground: the message of the form, or bytes that were typed or brought along, as frames.
 * RFC 6455 5, RFC 7692 7.
 */
import { computed, reactive, ref, watch } from 'vue'
import { Opcode } from '../wire/codec.ts'
import { dissectFrame, fromHex } from '../wire/frame-fields.ts'
import { buildFrames, joinBytes } from './build-frames.ts'
import { deflateMessage } from './inflate.ts'

export const KINDS = ['text', 'binary', 'ping', 'close'] as const
export const RECEIVERS = ['server', 'client'] as const
export const FRAGMENTS_MOST = 4
/** RFC 6455 5.5. */
const CONTROL_MOST = 125
/** The key of the examples in RFC 6455 5.7. */
const EXAMPLE_KEY = 0x37fa213d
/** Turns one frame's key into the next one's, so that all fragments have their own. */
const NEXT_KEY = 0x9e3779b9

const opcodes = { text: Opcode.Text, binary: Opcode.Binary, ping: Opcode.Ping, close: Opcode.Close } as const

export const form = reactive({
  kind: 'text' as (typeof KINDS)[number],
  message: 'Hello',
  /** In hex. */
  binary: 'de ad be ef',
  closeCode: 1000,
  fragments: 1,
  isMasked: true,
  maskKey: EXAMPLE_KEY,
  isDeflated: false,
  receiver: 'server' as (typeof RECEIVERS)[number],
})
/** Bytes in hex that were typed or brought along, instead of those of the form. */
export const raw = ref<string>()

/** Ping and Close are never cut or compressed. RFC 6455 5.5, RFC 7692 6.1. */
export const isControl = computed(() => form.kind === 'ping' || form.kind === 'close')

const payload = computed<Uint8Array<ArrayBuffer> | undefined>(() => {
  if (form.kind === 'binary') return fromHex(form.binary)
  const text = new TextEncoder().encode(form.message)
  if (form.kind !== 'close') return text
  const close = new Uint8Array(2 + text.length)
  new DataView(close.buffer).setUint16(0, form.closeCode & 0xffff)
  close.set(text, 2)
  return close
})

/** What is wrong with the form, or with the bytes. */
export const problem = computed<'badHex' | 'tooLong' | undefined>(() => {
  if (raw.value !== undefined) return fromHex(raw.value) === undefined ? 'badHex' : undefined
  if (payload.value === undefined) return 'badHex'
  return isControl.value && payload.value.length > CONTROL_MOST ? 'tooLong' : undefined
})

const deflated = ref<Uint8Array>()
watch(
  [payload, () => form.isDeflated],
  async ([bytes, isWanted]) => {
    if (bytes === undefined || !isWanted) return (deflated.value = undefined)
    const result = await deflateMessage(bytes)
    if (bytes === payload.value && form.isDeflated) deflated.value = result
  },
  { immediate: true },
)
watch([() => form.kind, () => form.isMasked], () => (form.receiver = form.isMasked ? 'server' : 'client'))

/** The bytes of all frames, before any bit is flipped. */
export const intact = computed(() => {
  if (raw.value !== undefined) return fromHex(raw.value) ?? new Uint8Array()
  const isCompressed = form.isDeflated && !isControl.value && deflated.value !== undefined
  return joinBytes(
    buildFrames({
      opcode: opcodes[form.kind],
      payload: (isCompressed ? deflated.value : payload.value) ?? new Uint8Array(),
      isCompressed,
      fragments: isControl.value ? 1 : form.fragments,
      maskKey: form.isMasked ? (frame) => (form.maskKey ^ Math.imul(frame, NEXT_KEY)) >>> 0 : undefined,
    }),
  )
})

/** Take the frame that came along from the inspector, if one did. */
export function takeBroughtFrame(): void {
  const brought = /^#frame=([0-9a-f]+)$/i.exec(location.hash)?.[1]
  if (brought === undefined) return
  const frame = dissectFrame(fromHex(brought) ?? new Uint8Array())
  raw.value = brought.replace(/../g, '$& ').trim()
  form.receiver = frame?.header.masked === false ? 'client' : 'server'
  form.isDeflated = frame !== undefined && frame.header.rsv !== 0
}
