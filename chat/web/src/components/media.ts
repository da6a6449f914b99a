/** Media queries as refs. */
import { ref, type Ref } from 'vue'

function media(query: string): Ref<boolean> {
  const list = matchMedia(query)
  const matches = ref(list.matches)
  list.addEventListener('change', () => (matches.value = list.matches))
  return matches
}

/** One pane at a time, with drawers. */
export const isNarrow: Ref<boolean> = media('(max-width: 700px)')
/** No room for the people beside the messages. */
export const isMedium: Ref<boolean> = media('(max-width: 960px)')
/** Room for the inspector beside the messages. */
export const isWide: Ref<boolean> = media('(min-width: 1180px)')
