/**
 * The one door through which the page reaches floor 1 of the library: what decodes the frames here is what decodes them in
 * the server.
 */
export {
  applyMask,
  type CloseOutcome,
  Connection,
  ConnectionState,
  createFrameHeader,
  decodeFrameHeader,
  describeCloseCode,
  encodedHeaderLength,
  encodeFrameHeader,
  encodeMaskKey,
  type ExtensionInstance,
  FIN_BIT,
  type FrameHeader,
  headerLengthOf,
  isControl,
  Opcode,
  ProtocolError,
  RSV1_BIT,
  type CloseCause,
  type Violation,
  Violations,
} from 'barewire/protocol'
