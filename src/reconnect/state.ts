/**
 * Where a connection that heals itself stands.
 */

export type ConnectionState =
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'open' }
  /** `at` is the time of the next attempt in milliseconds since the epoch. */
  | { readonly name: 'waiting'; readonly attempt: number; readonly at: number }
  /** There is no network; it goes on when there is, or tries all the same: `triesOffline`. */
  | { readonly name: 'offline' }
  /** For good: by the application, or by the policy. */
  | { readonly name: 'closed'; readonly code: number; readonly reason: string }
