/** The words of the page in English; the shape of every other language. */
import { problems } from './en-problems.ts'
import { wire } from './en-wire.ts'
import { plural } from './plural.ts'

export const en = {
  lang: 'en',
  name: 'English',
  title: 'barewire chat',
  tagline: 'A chat room on a WebSocket stack you can read.',
  welcome: {
    heading: 'Join the conversation',
    nameLabel: 'Your name',
    namePlaceholder: 'e.g. Ada',
    roomLegend: 'Choose a room',
    enter: (room: string) => `Enter #${room}`,
    greeted: 'You are signed in as',
    hint: 'Open a second tab and talk to yourself.',
    noLogin: 'No account, no password.',
    study: 'Study the protocol in the playground',
    nameTooShort: 'Please type a name.',
    nameTooLong: (most: number) => `At most ${most} characters.`,
    unreachable: 'The server cannot be reached yet; still trying.',
  },
  online: (count: number) => `${count} online`,
  tryAgain: 'Try again',
  people: (count: number) => plural(count, 'person here', 'people here'),
  nobody: 'nobody here yet',
  rooms: {
    heading: 'Rooms',
    unread: (count: number) => plural(count, 'unread message', 'unread messages'),
    create: 'New room',
    createLabel: 'Name of the new room',
    createHint: 'small letters, digits, - and _',
    join: 'Join',
    cancel: 'Cancel',
    leave: 'Leave this room',
    others: 'More rooms',
    signedInAs: 'You are',
    changeName: 'Leave the chat',
    back: 'Back to the rooms',
    close: 'Close',
  },
  presence: {
    heading: 'People',
    you: 'you',
    tabs: (count: number) => `${count} tabs`,
    open: 'Show people',
    close: 'Close',
    more: (count: number) => `and ${count} more`,
    online: 'Online',
    away: 'Offline',
    lastSeen: (ago?: string) => `last seen ${ago ?? 'just now'}`,
    moreAway: 'Show more',
    notLoaded: (reason: string) => `Who is offline was not loaded (${reason})`,
  },
  log: {
    label: (room: string) => `Messages in ${room}`,
    loadEarlier: 'Load earlier messages',
    loading: 'Loading…',
    notLoaded: (reason: string) => `Earlier messages were not loaded (${reason})`,
    beginning: (room: string) => `This is the beginning of #${room}.`,
    empty: 'Nothing said yet. Say hello.',
    newDivider: 'New',
    newBelow: (count: number) => `${count} new`,
    toBottom: 'To the latest message',
    joined: (names: string) => `${names} joined`,
    left: (names: string) => `${names} left`,
    andOthers: (names: string, count: number) => `${names} and ${plural(count, 'other', 'others')}`,
    gap: (count: number) => `${plural(count, 'older message is', 'older messages are')} no longer kept`,
    reset: 'The history of this room began anew.',
    edited: 'edited',
    deleted: 'Message deleted',
    today: 'Today',
    yesterday: 'Yesterday',
    inReplyTo: (name: string) => `In reply to ${name}`,
  },
  message: {
    queued: 'Waiting to be sent',
    sending: 'Sending…',
    sent: 'Sent and stored',
    failed: 'Not sent',
    notDeleted: 'Not deleted',
    retry: 'Retry',
    discard: 'Discard',
    edit: 'Edit',
    delete: 'Delete',
    reply: 'Reply',
    actions: 'Message actions',
  },
  composer: {
    label: (room: string) => `Message to ${room}`,
    placeholder: (room: string) => `Message #${room}`,
    send: 'Send',
    help: 'Enter sends, Shift+Enter starts a new line, Up edits your last message.',
    editing: 'Editing your message',
    replying: (name: string) => `Replying to ${name}`,
    cancel: 'Cancel (Esc)',
    tooLong: (over: number) => `${over} characters too long`,
    outboxFull: 'Too many messages are waiting to be sent.',
  },
  typing: {
    one: (name: string) => `${name} is typing…`,
    two: (a: string, b: string) => `${a} and ${b} are typing…`,
    many: 'Several people are typing…',
  },
  banner: {
    connecting: 'Connecting…',
    reconnecting: (seconds: number, attempt: number) => `Reconnecting in ${seconds} s (attempt ${attempt})`,
    tryNow: 'Try now',
    offline: (waiting: number) =>
      waiting === 0 ? 'Offline' : `Offline - ${plural(waiting, 'message', 'messages')} waiting`,
    stopped: (reason: string) => `Disconnected: ${reason}`,
    again: 'Connect again',
    draining: 'The server is restarting; your messages are kept.',
    waiting: (count: number) => `${plural(count, 'message', 'messages')} waiting`,
  },
  toasts: {
    dismiss: 'Dismiss',
    back: (missed: number, sent: number) => {
      const loaded = missed === 0 ? [] : [`${plural(missed, 'missed message', 'missed messages')} loaded`]
      const gone = sent === 0 ? [] : [`${plural(sent, 'waiting message', 'waiting messages')} sent`]
      const news = [...loaded, ...gone].join(', ')
      return news === '' ? 'Back online' : `Back online - ${news}`
    },
    created: (room: string) => `Room #${room} was created`,
    left: (room: string) => `You have left #${room}`,
    noEntry: (room: string, reason: string) => `#${room} cannot be entered (${reason})`,
    notSent: (room: string, reason: string) => `A message in #${room} was not sent (${reason})`,
    notEdited: (room: string, reason: string) => `A message in #${room} was not changed (${reason})`,
    notDeleted: (room: string, reason: string) => `A message in #${room} was not deleted (${reason})`,
    copied: (count: number) => `${plural(count, 'byte', 'bytes')} copied as hex`,
    notCopied: 'The browser does not let this page copy',
  },
  settings: {
    language: 'Language',
    theme: 'Theme',
    themes: { auto: 'Like the system', light: 'Light', dark: 'Dark' },
  },
  ...wire,
  ...problems,
}

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { [K in keyof T]: Widen<T[K]> }
export type Messages = Widen<typeof en>
