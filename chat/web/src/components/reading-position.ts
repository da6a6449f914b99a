/**
 * Where a reader is in the log, with a reader's manners: it follows only one who is at the end, and what is read never jumps
 * when older messages come in above it.
 */
import { computed, nextTick, onBeforeUnmount, onMounted, ref, watch, type ComputedRef, type Ref } from 'vue'
import type { TimelineItem } from '../client/timeline.ts'
import { active, attend } from '../state/rooms.ts'

/** Within so many pixels of the bottom the reader is at the end. */
const NEAR_END = 50
/** Within so many pixels of the top older messages are loaded. */
const NEAR_BEGIN = 120

export interface ReadingPosition {
  readonly isAtEnd: Ref<boolean>
  /** Messages of others below what the reader has had before the eyes. */
  readonly unseen: ComputedRef<number>
  toEnd(smooth?: boolean): void
  loadEarlier(): Promise<void>
  /** For the scroll event of the box. */
  scrolled(): void
}

export function useReadingPosition(scroller: Readonly<Ref<HTMLElement | null>>): ReadingPosition {
  const isAtEnd = ref(true)
  /** The newest seq the reader has had before the eyes. */
  const seen = ref(0)
  let lastTop = 0
  const items = computed(() => active.value.items)
  const unseen = computed(() => {
    if (isAtEnd.value) return 0
    const isUnseen = (item: TimelineItem): boolean =>
      item.kind === 'message' && !item.own && item.message.seq > seen.value
    return items.value.filter(isUnseen).length
  })

  const noticeAttention = (): void => {
    const attentive = isAtEnd.value && document.visibilityState === 'visible'
    if (attentive) seen.value = Math.max(seen.value, active.value.lastSeq)
    attend(attentive)
  }
  const toEnd = (smooth = false): void => {
    const box = scroller.value
    if (box === null) return
    // A page that nobody sees does not move by and by, either.
    const isHidden = document.visibilityState === 'hidden'
    const calm = !smooth || isHidden || matchMedia('(prefers-reduced-motion: reduce)').matches
    box.scrollTo({ top: box.scrollHeight, behavior: calm ? 'instant' : 'smooth' })
    if (isAtEnd.value) return
    isAtEnd.value = true
    noticeAttention()
  }
  const loadEarlier = async (): Promise<void> => {
    await active.value.session?.loadEarlier()
  }
  const scrolled = (): void => {
    const box = scroller.value
    // A browser tells of scrolling a frame later; the log may be gone then.
    if (box === null) return
    // On the way down to the end a reader is there already: only going up leaves it.
    const isGoingUp = box.scrollTop < lastTop
    lastTop = box.scrollTop
    const atEnd = isNearEnd(box) || (isAtEnd.value && !isGoingUp)
    if (atEnd !== isAtEnd.value) {
      isAtEnd.value = atEnd
      noticeAttention()
    }
    // What has failed is tried again when the reader says so, not with every movement.
    const isNearBegin = box.scrollTop < NEAR_BEGIN && box.scrollHeight > box.clientHeight
    if (isNearBegin && active.value.earlierProblem === undefined) void loadEarlier()
  }

  /** Older messages push down what is read: the distance from the bottom stays. Newer ones move a reader at the end along. */
  const changed = async (now: readonly TimelineItem[], before: readonly TimelineItem[]): Promise<void> => {
    const box = scroller.value
    if (box === null) return
    const { room } = active.value
    const fromBottom = box.scrollHeight - box.scrollTop
    const anchor = before.find((item) => item.kind === 'message')?.key
    const first = now.find((item) => item.kind === 'message')?.key
    const grewAbove = anchor !== undefined && first !== anchor && now.some((item) => item.key === anchor)
    const lastItem = now[now.length - 1]
    const justWritten = lastItem?.kind === 'pending' && !before.some((item) => item.key === lastItem.key)
    await nextTick()
    if (room !== active.value.room) return
    if (justWritten || (isAtEnd.value && !grewAbove)) toEnd(true)
    else if (grewAbove) box.scrollTop = box.scrollHeight - fromBottom
    if (isAtEnd.value) noticeAttention()
  }
  watch(items, changed, { flush: 'pre' })

  /** A room is opened at its end, or at the line above what is new. */
  const opened = async (): Promise<void> => {
    await nextTick()
    const box = scroller.value
    if (box === null) return
    isAtEnd.value = true
    seen.value = active.value.lastSeq
    toEnd()
    const line = box.querySelector<HTMLElement>('.new-line')
    if (line !== null && line.offsetTop < box.scrollTop) box.scrollTop = line.offsetTop - NEAR_END
    isAtEnd.value = isNearEnd(box)
    noticeAttention()
  }
  watch(() => `${active.value.room} ${active.value.isLoaded}`, opened)

  const observer = new ResizeObserver(() => isAtEnd.value && toEnd())
  onMounted(() => {
    observer.observe(scroller.value!)
    document.addEventListener('visibilitychange', noticeAttention)
    void opened()
  })
  onBeforeUnmount(() => {
    observer.disconnect()
    document.removeEventListener('visibilitychange', noticeAttention)
  })

  return { isAtEnd, unseen, toEnd, loadEarlier, scrolled }
}

function isNearEnd(box: HTMLElement): boolean {
  return box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_END
}
