/** The frames on the bench with the bits that were flipped, and which of them is looked at. */
import { computed, ref, watch } from 'vue'
import { dissectFrame } from '../wire/frame-fields.ts'
import { intact } from './bench.ts'
import { splitFrames } from './build-frames.ts'

/** Numbers of bits, counted over all frames. */
export const broken = ref<ReadonlySet<number>>(new Set())
export const chosen = ref(0)

watch(intact, () => {
  broken.value = new Set()
  chosen.value = 0
})

export const bytes = computed(() => {
  const flipped = intact.value.slice()
  for (const bit of broken.value) flipped[bit >>> 3]! ^= 0x80 >>> (bit & 7)
  return flipped
})

export const frames = computed(() => {
  let at = 0
  return splitFrames(bytes.value, (rest) => {
    const frame = dissectFrame(rest)
    return frame === undefined ? undefined : frame.headerLength + frame.header.payloadLength
  }).map((part) => {
    const start = at
    at += part.length
    return { start, bytes: part, frame: dissectFrame(part) }
  })
})

export const shown = computed(() => frames.value[Math.min(chosen.value, frames.value.length - 1)])

const firstBit = computed(() => (shown.value?.start ?? 0) * 8)
/** The flipped bits of the frame that is shown, counted from its begin. */
export const brokenHere = computed(() => new Set([...broken.value].map((bit) => bit - firstBit.value)))

/** Flip a bit of the frame that is shown, or flip it back. */
export function flip(bit: number): void {
  const next = new Set(broken.value)
  if (!next.delete(firstBit.value + bit)) next.add(firstBit.value + bit)
  broken.value = next
}

export function restore(): void {
  broken.value = new Set()
}
