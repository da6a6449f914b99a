/**
 * What the socket of `barewire/ws` is given: options of a message, and what a server hands over to it.
 */
import type { Duplex } from 'node:stream'
import type { BindingOptions } from '../node/binding-options.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'

export type SendCallback = (error?: Error) => void

export interface SendOptions {
  /** Default: what is no string is binary. */
  binary?: boolean
  /** Default true. */
  compress?: boolean
  /** The last fragment of its message. Default true. */
  fin?: boolean
  /** Taken for the sake of `ws`; a client masks, a server does not (RFC 6455 5.1). */
  mask?: boolean
}

/** What a server hands to a socket it has let in. */
export interface Adoption {
  readonly stream: Duplex
  readonly options: BindingOptions
  readonly extension: ExtensionInstance | undefined
  readonly protocol: string
  readonly extensions: string
}
