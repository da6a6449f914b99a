/** What the user has chosen for this browser: the theme. And what only this tab remembers: who it is, where, and drafts. */
import { ref, watch, watchEffect } from 'vue'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const THEME_KEY = 'barewire-theme'
const TAB_KEY = 'barewire-tab'

function storedTheme(): Theme {
  const stored = localStorage.getItem(THEME_KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'auto'
}

export const theme = ref<Theme>(storedTheme())

watchEffect(() => {
  if (theme.value === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})

export function chooseTheme(choice: Theme): void {
  theme.value = choice
  localStorage.setItem(THEME_KEY, choice)
}

/** What a tab remembers over a reload. Each tab is a user of its own, so this is not shared. */
export interface TabMemory {
  name: string
  /** Names the outbox. */
  owner: string
  /** Proves to be the same guest as before. */
  session?: string
  /** Says who the user is where guests are not welcome. */
  token?: string
  /** The id of who the token was for: rooms, drafts and unsent messages are theirs. */
  user?: string
  /** The rooms the tab is in. */
  rooms: string[]
  /** The room it looks at. */
  active: string
  drafts: Record<string, string>
}

function rememberedTab(): TabMemory {
  const empty: TabMemory = { name: '', owner: freshOwner(), rooms: [], active: '', drafts: {} }
  try {
    return { ...empty, ...(JSON.parse(sessionStorage.getItem(TAB_KEY) ?? '{}') as Partial<TabMemory>) }
  } catch {
    return empty
  }
}

export const tab = ref<TabMemory>(rememberedTab())

watch(tab, (memory) => sessionStorage.setItem(TAB_KEY, JSON.stringify(memory)), { deep: true })

/** The user has left: what remains is the name, to be offered again. */
export function forgetTab(): void {
  tab.value = { name: tab.value.name, owner: freshOwner(), rooms: [], active: '', drafts: {} }
}

function freshOwner(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join('')
}
