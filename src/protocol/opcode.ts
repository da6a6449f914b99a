/**
 * What a frame is for. RFC 6455 5.2 (the opcode field) and 11.8 (its registry).
 */

/** The six opcodes of RFC 6455; 0x3-0x7 and 0xB-0xF are reserved. */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** RFC 6455 5.5: control frames are identified by opcodes whose most significant bit is 1. */
const CONTROL_BIT: number = 0x8

/** Tell whether an opcode, defined or reserved, is one of a control frame. RFC 6455 5.5. */
export function isControl(opcode: number): boolean {
  return (opcode & CONTROL_BIT) !== 0
}

/** How many control frames, of each kind. RFC 6455 5.5. */
export interface ControlCounts {
  readonly close: number
  readonly ping: number
  readonly pong: number
}

/** The counts of a number of connections, counted up as they send. */
export class ControlCounter implements ControlCounts {
  close = 0
  ping = 0
  pong = 0

  count(opcode: number): void {
    if (opcode === Opcode.Pong) this.pong++
    else if (opcode === Opcode.Ping) this.ping++
    else this.close++
  }
}

/** Tell whether RFC 6455 5.2 defines this opcode. */
export function isDefinedOpcode(opcode: number): boolean {
  return opcode <= Opcode.Binary || (opcode >= Opcode.Close && opcode <= Opcode.Pong)
}
