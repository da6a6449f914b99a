/**
 * The seam for extensions: what a client offers, what a server answers, and the instance that then transforms the
 * messages of one connection. RFC 6455 section 9; the only extension in the house is permessage-deflate (RFC 7692).
 */

/** One element of a Sec-WebSocket-Extensions list, as it stands there. RFC 6455 9.1. */
export interface ExtensionOffer {
  /** The extension token, e.g. `permessage-deflate`. */
  readonly name: string
  /** Parameters in the order they came, duplicates included; the value is `true` where there was none. */
  readonly parameters: readonly ExtensionParameter[]
}

/** `[name, value]`; the value is unquoted, or `true` for a parameter without one. */
export type ExtensionParameter = readonly [name: string, value: string | true]

/** What a negotiation ends with: the element to answer with, and the maker of the per-connection instance. */
export interface AgreedExtension {
  /** The element that stands (or stood) in the server's answer. */
  readonly response: ExtensionOffer
  /** The reserved bits it claims, as they lie in the first byte of a frame (RSV1 0x40, RSV2 0x20, RSV3 0x10). */
  readonly rsv: number
  /** Make the instance for one connection. Cheap: contexts are created at first use. */
  create(): ExtensionInstance
}

/** The server's side of a negotiation. */
export interface ServerExtension {
  readonly name: string
  /** Agree to one offer, or decline it with `undefined`; the caller then tries the next. RFC 6455 9.1. */
  accept(offer: ExtensionOffer): AgreedExtension | undefined
}

/** The client's side of a negotiation. */
export interface ClientExtension {
  readonly name: string
  /** The elements to put into the request, the most wanted first. */
  readonly offers: readonly ExtensionOffer[]
  /** Check the server's answer. A string says why the client must fail the handshake. RFC 6455 4.1. */
  confirm(response: ExtensionOffer): AgreedExtension | string
}

/** Why an incoming message could not be decoded; the connection fails with the close code. */
export interface DecodeFailure {
  readonly closeCode: number
  /** A sentence: what was seen, what was required. Never the payload. */
  readonly reason: string
}

/** How a call for decoding is answered. */
export type DecodeDone = (result: Uint8Array | DecodeFailure, hasMore?: boolean) => void

/** Looks on while an extension works. The bytes are those it works with: an observer does not write to them. */
export interface ExtensionObserver {
  /** `plain` went out as `payload`; with `rsv` 0 it went as it is. */
  encoded(plain: Uint8Array, payload: Uint8Array, rsv: number): void
  /** `payload` came in and was decoded. */
  decoded(payload: Uint8Array, result: Uint8Array | DecodeFailure): void
}

/**
 * Transforms the messages of one connection. A connection runs at most one `encode` and one `decode` at a time and
 * waits for `done` before the next, so order is kept; `done` may be called before the method returns (small messages) or
 * later (work in zlib's thread pool). `done` is called exactly once, unless `dispose` came first: then never.
 */
export interface ExtensionInstance {
  /** The reserved bits that mark the first frame of a message this extension has transformed. */
  readonly rsv: number
  /** Messages of fewer bytes go out as they are, without `encode` being asked; 0 for none. */
  readonly threshold: number
  /** Who looks on, if anybody does. */
  observer?: ExtensionObserver | undefined
  /**
   * Transform outgoing bytes. `final` tells that they end their message; whole messages come as one call with `final`.
   * Answer with the payload to send and `rsv` 0 when the message goes out as it is (below the threshold, for example):
   * that is decided with the first bytes of a message.
   */
  encode(bytes: Uint8Array, final: boolean, done: (payload: Uint8Array, rsv: number) => void): void
  /**
   * Transform the incoming bytes of a message that carried our bits. Whole messages come as one call with `final`.
   * `limit` is how many bytes the message may still grow to: stop and answer 1009 as soon as it is passed. An answer
   * that comes later, to a call for a part, may have `hasMore`: ask for the rest with no bytes and the same `final`.
   */
  decode(bytes: Uint8Array, final: boolean, limit: number, done: DecodeDone): void
  /**
   * Encode one whole message so that the same bytes can be sent on many connections: it refers to nothing that came
   * before. `cache` belongs to the message; what is found there was made by another instance with the same settings.
   * The instance keeps its own context in step. Answer `undefined` to have the message sent as it is.
   */
  encodeShared(bytes: Uint8Array, cache: Map<string, Uint8Array>): Uint8Array | undefined
  /** Give back every context; no `done` is called any more. */
  dispose(): void
}
