/** The four profiles. Names and shapes of the messages are those of the tutorials; what they mean is ours. */
import { type LegacyAction, type LegacyProfile, textOf } from './profile.ts'

/** A name, a room and nothing more is the least that lets somebody in. */
function enter(name: unknown, room: unknown): LegacyAction | undefined {
  const given = textOf(name)
  const place = textOf(room)
  if (given === undefined) return undefined
  return place === undefined ? { do: 'enter', name: given } : { do: 'enter', name: given, room: place }
}

function say(text: unknown, name?: unknown): LegacyAction | undefined {
  const said = textOf(text)
  const given = textOf(name)
  if (said === undefined) return undefined
  return given === undefined ? { do: 'say', text: said } : { do: 'say', text: said, name: given }
}

function authenticate(token: unknown): LegacyAction | undefined {
  const given = textOf(token)
  return given === undefined ? undefined : { do: 'auth', token: given }
}

/** `{userId,userName,roomId,roomName,event:'login'}`; a chat message has no event. */
const s0: LegacyProfile = {
  path: '/legacy/s0',
  binary: false,
  entersAtOnce: false,
  serverBeats: false,
  read(message) {
    switch (message['event']) {
      case 'login':
        return enter(message['userName'], message['roomId'])
      case 'logout':
        return { do: 'leave' }
      case 'heartBeat':
        return { do: 'beat' }
      case undefined:
        return say(message['content'] ?? message['message'])
      default:
        return undefined
    }
  },
  said: (from, text, { room }) => ({
    userId: from.id,
    userName: from.name,
    roomId: room,
    roomName: room,
    content: text,
  }),
  joined: (user, { room, num }) => ({
    userId: user.id,
    userName: user.name,
    roomId: room,
    roomName: room,
    event: 'login',
    num,
  }),
  left: (user, { room, num }) => ({
    userId: user.id,
    userName: user.name,
    roomId: room,
    roomName: room,
    event: 'logout',
    num,
  }),
  refused: () => undefined,
  beat: () => ({ event: 'heartBeat', content: 'pong' }),
}

/** `{type:'normal',user,message}` in binary frames to everybody, the sender too; `{type:'ping'}` is nobody's business. */
const s1: LegacyProfile = {
  path: '/legacy/s1',
  binary: true,
  entersAtOnce: true,
  serverBeats: false,
  read(message) {
    if (message['type'] === 'ping') return { do: 'beat' }
    return message['type'] === 'normal' ? say(message['message'], message['user']) : undefined
  },
  said: (from, text) => ({ type: 'normal', user: from.name, message: text }),
  joined: () => undefined,
  left: () => undefined,
  refused: () => undefined,
  beat: () => undefined,
}

/** `{event:'enter',message:name,roomid}`, `{event:'message',message,name}`, `{event:'out',name,num}`, `noAuth`. */
const s3: LegacyProfile = {
  path: '/legacy/s3',
  binary: false,
  entersAtOnce: false,
  serverBeats: true,
  read(message) {
    switch (message['event']) {
      case 'enter':
        return enter(message['message'], message['roomid'])
      case 'message':
        return say(message['message'])
      case 'out':
        return { do: 'leave' }
      case 'heartbeat':
        return { do: 'beat' }
      default:
        return undefined
    }
  },
  said: (from, text, { num }) => ({ event: 'message', message: text, name: from.name, num }),
  joined: (user, { room, num }) => ({ event: 'enter', message: user.name, name: user.name, roomid: room, num }),
  left: (user, { num }) => ({ event: 'out', name: user.name, num }),
  refused: () => ({ event: 'noAuth', message: 'please enter first' }),
  beat: () => ({ event: 'heartbeat', message: 'pong' }),
}

/** `{name}` logs in, `{name,message}` speaks; answers carry `num`, `total`, `roomid` and `uid`. */
const s4: LegacyProfile = {
  path: '/legacy/s4',
  binary: false,
  entersAtOnce: false,
  serverBeats: true,
  read(message) {
    switch (message['event']) {
      case 'auth':
        return authenticate(message['token'] ?? message['message'])
      case 'heartbeat':
        return { do: 'beat' }
      case 'logout':
        return { do: 'leave' }
      default:
        return message['message'] === undefined
          ? enter(message['name'], message['roomid'])
          : say(message['message'], message['name'])
    }
  },
  said: (from, text, { room, num, total }) => ({
    event: 'message',
    name: from.name,
    message: text,
    uid: from.id,
    roomid: room,
    num,
    total,
  }),
  joined: (user, { room, num, total }) => ({ event: 'login', name: user.name, uid: user.id, roomid: room, num, total }),
  left: (user, { room, num, total }) => ({ event: 'logout', name: user.name, uid: user.id, roomid: room, num, total }),
  refused: () => ({ event: 'noauth', message: 'please log in first' }),
  beat: () => ({ event: 'heartbeat', message: 'pong' }),
}

export const LEGACY_PROFILES: readonly LegacyProfile[] = [s0, s1, s3, s4]
