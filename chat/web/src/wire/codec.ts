/**
 * The one door through which the page reaches floor 1 of the library: what decodes the frames here is what decodes them in
 * the server.
 */
export {
  createFrameHeader,
  decodeFrameHeader,
  encodeFrameHeader,
  encodeMaskKey,
  headerLengthOf,
  type FrameHeader,
  FIN_BIT,
  MASK_BIT,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from 'barewire/protocol'
export { isControl, isDefinedOpcode, Opcode } from 'barewire/protocol'
export { describeCloseCode, isWireCloseCode } from 'barewire/protocol'
export { type Violation, Violations } from 'barewire/protocol'
