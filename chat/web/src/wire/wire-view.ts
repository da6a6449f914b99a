/** What the inspector shows of the wire: the tap brought to the screen, which can be paused. */
import { computed, onBeforeUnmount, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { Fault } from '../../../protocol/wire.ts'
import { t } from '../i18n/index.ts'
import { causeText, wireCloseText } from '../i18n/problems.ts'
import { hello, socketUrl } from '../state/client.ts'
import { matchesFilter, WireLog, type FrameFilter, type WireFrame, type WireItem } from './wire-log.ts'
import { WireTap, type Counters, type TapClosed, type Tapped } from './wire-tap.ts'

/** Rows drawn at most; the log keeps more. */
const ROWS_MOST = 400

export interface WireView {
  readonly items: Ref<readonly WireItem[]>
  /** Those that pass the filter, the newest. */
  readonly shown: ComputedRef<readonly WireItem[]>
  readonly filter: Ref<FrameFilter>
  readonly handshake: Ref<Tapped | undefined>
  readonly counters: Ref<Counters | undefined>
  /** The key of the chosen frame. */
  readonly chosen: Ref<string | undefined>
  readonly chosenFrame: ComputedRef<WireFrame | undefined>
  readonly isPaused: Ref<boolean>
  /** Frames that came during the pause. */
  readonly heldBack: Ref<number>
  /** The fault that the server has caused last, and whether it could. */
  readonly faulted: Ref<{ readonly kind: Fault; readonly done: boolean } | undefined>
  togglePause(): void
  clear(): void
  /** All that is kept, shown or not. */
  all(): readonly WireItem[]
  fault(kind: Fault, more: { count?: number; ms?: number }): void
}

export function useWire(): WireView {
  const log = new WireLog()
  const items = shallowRef<readonly WireItem[]>([])
  const handshake = shallowRef<Tapped>()
  const counters = shallowRef<Counters>()
  const chosen = ref<string>()
  const isPaused = ref(false)
  const heldBack = ref(0)
  const faulted = shallowRef<{ kind: Fault; done: boolean }>()
  const filter = ref<FrameFilter>({ kind: 'all', direction: 'both', text: '' })

  let isScheduled = false
  /** Frames can come thick and fast: what is shown is renewed once a frame of the screen. */
  const changed = (): void => {
    if (isPaused.value) {
      heldBack.value++
      return
    }
    if (isScheduled) return
    isScheduled = true
    requestAnimationFrame(() => {
      isScheduled = false
      items.value = log.items
    })
  }

  const tap = new WireTap({
    url: socketUrl,
    ontapped: (greeting) => {
      handshake.value = greeting
      const { conn, protocol, extensions, opened } = greeting
      log.begin(conn, [conn, protocol, extensions].filter((part) => part !== '').join(' · '), opened)
      changed()
    },
    onrecord: (record) => {
      log.add(record)
      changed()
    },
    oncounters: (latest) => (counters.value = latest),
    onlost: (records) => (log.lost += records),
    onclosed: (outcome) => {
      log.end(describeEnd(outcome), Date.now())
      changed()
    },
    onfault: (kind, done) => (faulted.value = { kind, done }),
  })
  watch(
    () => hello.value?.wire,
    (wire) => wire !== undefined && tap.follow(wire),
    { immediate: true },
  )
  onBeforeUnmount(() => tap.close())

  return {
    items,
    shown: computed(() => items.value.filter((item) => matchesFilter(item, filter.value)).slice(-ROWS_MOST)),
    filter,
    handshake,
    counters,
    chosen,
    chosenFrame: computed(() => {
      const item = items.value.find((one) => one.key === chosen.value)
      return item?.kind === 'frame' ? item : undefined
    }),
    isPaused,
    heldBack,
    faulted,
    togglePause: () => {
      isPaused.value = !isPaused.value
      heldBack.value = 0
      if (!isPaused.value) items.value = log.items
    },
    clear: () => {
      log.clear()
      chosen.value = undefined
      heldBack.value = 0
      items.value = log.items
    },
    all: () => log.items,
    fault: (kind, more) => {
      if (!tap.fault(kind, more)) faulted.value = { kind, done: false }
    },
  }
}

function describeEnd({ code, reason, cause }: TapClosed): string {
  const said = reason === '' ? '' : ` · “${reason}”`
  return `${t.value.inspector.closed(code, wireCloseText(code))}${said} (${causeText(cause)})`
}
