/** The part of a socket that a session needs. */
export interface LegacySocket {
  readonly address: string
  readonly bufferedAmount: number
  send(message: string | Uint8Array): void
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
}
