/** What the page says of its own accord, in toasts: that everything is back, and what has failed where nobody looks. */
import { watch } from 'vue'
import { t } from '../i18n/index.ts'
import { errorText } from '../i18n/problems.ts'
import { client, derived, listen } from './client.ts'
import { tab } from './preferences.ts'
import { toasts } from './toasts.ts'

/** After a reconnect what was waiting has so long to go out before it is said how much did, in milliseconds. */
const OUTBOX_TIME = 2000

const isWaiting = (cid: string): boolean => ['queued', 'sending'].includes(client.outbox.get(cid)?.state ?? '')

listen({
  onback: (missed, queued) => {
    const tell = (): void => {
      stop()
      clearTimeout(timer)
      // Gone again, or the user has left: nothing is back.
      if (!client.ready) return
      const sent = queued.filter((cid) => !isWaiting(cid) && client.outbox.get(cid)?.state !== 'failed').length
      toasts.show('good', t.value.toasts.back(missed, sent))
    }
    const timer = setTimeout(tell, queued.some(isWaiting) ? OUTBOX_TIME : 0)
    const stop = watch(
      derived(() => queued.some(isWaiting)),
      (waiting) => !waiting && tell(),
    )
  },
})

/** Messages that have failed, and were told of or seen. */
let told = new Set<string>()
watch(
  derived(() => client.outbox.entries.filter(({ state }) => state === 'failed')),
  (failed) => {
    for (const { cid, room, error } of failed) {
      if (told.has(cid) || room === tab.value.active) continue
      toasts.show('bad', t.value.toasts.notSent(room, errorText(error ?? 'internal')))
    }
    told = new Set(failed.map(({ cid }) => cid))
  },
)
