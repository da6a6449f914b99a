/**
 * On a phone one pane is seen at a time: the rooms, a room, and above it the people or the wire. Each step in is a step in the
 * history of the browser, so that its Back, by button or by gesture, leads out again.
 */
import { onBeforeUnmount, onMounted, watch, type Ref } from 'vue'

export type Pane = 'rooms' | 'room' | 'people' | 'wire'

/** The panes below each, and itself. */
const PATHS: Readonly<Record<Pane, readonly Pane[]>> = {
  rooms: ['rooms'],
  room: ['rooms', 'room'],
  people: ['rooms', 'room', 'people'],
  wire: ['rooms', 'room', 'wire'],
}

/** The pane that an entry of the history stands for. */
function paneOf(state: unknown): Pane | undefined {
  const pane = (state as { pane?: unknown } | null)?.pane
  return typeof pane === 'string' && pane in PATHS ? (pane as Pane) : undefined
}

export interface PaneHistoryOptions {
  /** The pane that is seen. */
  readonly pane: Readonly<Ref<Pane>>
  /** Whether there is only one at a time; where there are more, the history is left alone. */
  readonly isOne: Readonly<Ref<boolean>>
  /** The user has gone back, or forward again. */
  readonly show: (pane: Pane) => void
}

export function usePaneHistory({ pane, isOne, show }: PaneHistoryOptions): void {
  let recorded: Pane = 'rooms'

  function begin(): void {
    if (paneOf(history.state) === undefined) history.replaceState({ pane: 'rooms' }, '')
    recorded = paneOf(history.state)!
    record(pane.value)
  }

  function record(next: Pane): void {
    const steps = PATHS[next].length - PATHS[recorded].length
    const from = PATHS[recorded].length
    const isChanged = next !== recorded
    recorded = next
    if (steps > 0) for (const one of PATHS[next].slice(from)) history.pushState({ pane: one }, '')
    else if (steps < 0) history.go(steps)
    else if (isChanged) history.replaceState({ pane: next }, '')
  }

  function popped({ state }: PopStateEvent): void {
    const next = paneOf(state)
    if (next === undefined || !isOne.value) return
    recorded = next
    show(next)
  }

  watch(pane, (next) => isOne.value && record(next))
  watch(isOne, (one) => one && begin())
  onMounted(() => {
    if (isOne.value) begin()
    addEventListener('popstate', popped)
  })
  onBeforeUnmount(() => {
    removeEventListener('popstate', popped)
    // The first screen stands where the rooms stood.
    if (isOne.value) record('rooms')
  })
}
