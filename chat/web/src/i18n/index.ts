/** Which language the page speaks: the user's choice, else the browser's wish. */
import { computed, ref, watchEffect } from 'vue'
import { en, type Messages } from './en.ts'
import { zh } from './zh.ts'

export const languages = { en, zh } satisfies Record<string, Messages>
export type Language = keyof typeof languages

const STORAGE_KEY = 'barewire-language'

function preferred(): Language {
  const stored = localStorage.getItem(STORAGE_KEY)
  if (stored === 'en' || stored === 'zh') return stored
  const wish = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))
  return wish !== undefined && /^zh/i.test(wish) ? 'zh' : 'en'
}

export const language = ref<Language>(preferred())

/** The words in the language of the moment. */
export const t = computed<Messages>(() => languages[language.value])

export function chooseLanguage(choice: Language): void {
  language.value = choice
  localStorage.setItem(STORAGE_KEY, choice)
}

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : 'en'
})

/** Units of the past, and their milliseconds. */
const AGO_UNITS = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** Times and dates as the language writes them. */
export const formats = computed(() => {
  const tag = language.value === 'zh' ? 'zh-CN' : (navigator.languages.find((one) => /^en/i.test(one)) ?? 'en')
  const time = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' })
  const full = new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'medium' })
  const day = new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' })
  const precise = new Intl.DateTimeFormat(tag, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  })
  const bytes = new Intl.NumberFormat(tag)
  const relative = new Intl.RelativeTimeFormat(tag, { style: 'short' })
  const list = new Intl.ListFormat(tag, { type: 'conjunction' })
  return {
    time: (ts: number) => time.format(ts),
    /** How long ago, in the largest unit that fits; `undefined` within a minute, or by a clock that is ahead. */
    ago: (ts: number, now: number) => {
      const unit = AGO_UNITS.find(([, ms]) => now - ts >= ms)
      return unit && relative.format(-Math.floor((now - ts) / unit[1]), unit[0])
    },
    full: (ts: number) => full.format(ts),
    precise: (ts: number) => precise.format(ts),
    number: (value: number) => bytes.format(value),
    list: (names: string[]) => list.format(names),
    day: (ts: number) => {
      const today = new Date().toDateString()
      const date = new Date(ts).toDateString()
      if (date === today) return t.value.log.today
      if (date === new Date(Date.now() - 86_400_000).toDateString()) return t.value.log.yesterday
      return day.format(ts)
    },
  }
})
