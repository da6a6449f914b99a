/** What the room needs from a socket; tests give it a fake one, the server a WebSocket, legacy pages an adapter. */
export interface Peer {
  /** The address of the other side, for limits and logs. */
  readonly address: string
  /** Bytes that wait to leave. */
  readonly bufferedAmount: number
  send(text: string): void
  close(code: number, reason: string): void
  /** End at once, without a close frame. */
  terminate(): void
}

/** How a connection ended, as far as the room cares. */
export interface PeerEnd {
  readonly code: number
  /** Whether the other side said that it goes. */
  readonly clean: boolean
}
