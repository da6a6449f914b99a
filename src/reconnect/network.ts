/**
 * What the platform knows of the network: a browser does, Node does not. WHATWG HTML 8.9.4, `navigator.onLine`.
 */

interface Platform {
  readonly navigator?: { readonly onLine?: unknown }
  addEventListener?(type: string, listener: () => void, options: { signal: AbortSignal }): void
}

/** Where nothing is known of the network, it is there. */
export function isPlatformOnline(): boolean {
  return (globalThis as Platform).navigator?.onLine !== false
}

/** Hear of changes until the signal is aborted. */
export function hearNetwork(changed: (isOnline: boolean) => void, signal: AbortSignal): void {
  const platform = globalThis as Platform
  platform.addEventListener?.('online', () => changed(true), { signal })
  platform.addEventListener?.('offline', () => changed(false), { signal })
}
