/** The policy of the protocol's close codes in the words of `barewire/reconnect`. */
import type { ReconnectPolicy } from 'barewire/reconnect'
import { closePolicy } from '../../../protocol/close-codes.ts'

export function reconnectPolicy(code: number): ReconnectPolicy {
  const policy = closePolicy(code)
  return policy === 'now' ? 'soon' : policy
}
