/**
 * What the platform tells of the network, and of somebody looking: a browser does, Node does not. WHATWG HTML 8.9.4
 * (`navigator.onLine`), 6.2 (page visibility), 7.4.6.3 (`pageshow`).
 */

interface Listens {
  addEventListener?(type: string, listener: () => void, options: { signal: AbortSignal }): void
}

interface Platform extends Listens {
  readonly navigator?: { readonly onLine?: unknown }
  readonly document?: Listens & { readonly visibilityState: string }
}

export interface PlatformEvents {
  networkChanged(isOnline: boolean): void
  /** The page is looked at again, perhaps after a long sleep. */
  woken(): void
}

/** Where nothing is known of the network, it is there. */
export function isPlatformOnline(): boolean {
  return (globalThis as Platform).navigator?.onLine !== false
}

/** Hear of changes until the signal is aborted. */
export function hearPlatform(events: PlatformEvents, signal: AbortSignal): void {
  const platform = globalThis as Platform
  const { document } = platform
  platform.addEventListener?.('online', () => events.networkChanged(true), { signal })
  platform.addEventListener?.('offline', () => events.networkChanged(false), { signal })
  if (document === undefined) return
  platform.addEventListener?.('pageshow', () => events.woken(), { signal })
  const looked = (): void => {
    if (document.visibilityState === 'visible') events.woken()
  }
  document.addEventListener?.('visibilitychange', looked, { signal })
}
