/**
 * Views of a part of a chunk: what a message that lies whole in it is handed over as. Not a matter of any RFC.
 */

const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * The chunk that was looked at last, its memory, and where in it it begins. A chunk is told by its identity: to ask it for
 * its buffer costs more than to make the view, and so does its own `subarray`. A copy would cost 2 x (bench/micro/view.ts).
 */
let viewed: Uint8Array = NOTHING
let memory: ArrayBufferLike = NOTHING.buffer
let offset = 0

/** See `bytes[start, end)`, without copying. A plain Uint8Array, whatever `bytes` is. */
export function viewBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (viewed !== bytes) {
    viewed = bytes
    memory = bytes.buffer
    offset = bytes.byteOffset
  }
  return new Uint8Array(memory, offset + start, end - start)
}

/** Let go of the chunk that was looked at last, so that it is not kept alive. */
export function releaseByteView(): void {
  viewed = NOTHING
  memory = NOTHING.buffer
  offset = 0
}
