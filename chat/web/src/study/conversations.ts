/**
 * Conversations to step through, each as the bytes a client sent and what the application of the server did in between. RFC
 * 6455 5.7 gives some of the frames.
 */
import { fromHex } from '../wire/frame-fields.ts'
import { createEndpoint, type Happening } from './receive.ts'

export type StepAction =
  | { readonly kind: 'bytes'; readonly hex: string }
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'tcpEnd' }
  | { readonly kind: 'timeout' }

export interface Conversation {
  readonly id: 'talk' | 'fragments' | 'weClose' | 'badUtf8' | 'unmasked' | 'silence'
  readonly steps: readonly StepAction[]
}

const bytes = (hex: string): StepAction => ({ kind: 'bytes', hex })

export const conversations: readonly Conversation[] = [
  {
    id: 'talk',
    steps: [
      bytes('81 85 37 fa 21 3d 7f 9f'),
      bytes('4d 51 58'),
      { kind: 'send', text: 'Hi there' },
      bytes('88 82 11 22 33 44 12 ca'),
      { kind: 'tcpEnd' },
    ],
  },
  {
    id: 'fragments',
    steps: [
      bytes('01 83 00 00 00 00 48 65 6c'),
      bytes('89 84 0a 0b 0c 0d 7e 62 61 68'),
      bytes('00 80 01 02 03 04'),
      bytes('80 82 00 00 00 00 6c 6f'),
      bytes('88 80 00 00 00 00'),
      { kind: 'tcpEnd' },
    ],
  },
  {
    id: 'weClose',
    steps: [
      { kind: 'close', code: 1001, reason: 'going away' },
      bytes('81 84 00 00 00 00 6c 61 74 65'),
      bytes('88 82 00 00 00 00 03 e9'),
      { kind: 'tcpEnd' },
    ],
  },
  {
    id: 'badUtf8',
    steps: [
      bytes('01 86 00 00 00 00 ce ba e1 bd b9 cf'),
      bytes('00 82 00 00 00 00 83 ce'),
      bytes('80 82 00 00 00 00 ff 21'),
      bytes('81 82 00 00 00 00 68 69'),
      { kind: 'tcpEnd' },
    ],
  },
  {
    id: 'unmasked',
    steps: [bytes('81 85 37 fa 21 3d 7f 9f 4d 51 58'), bytes('81 05 48 65 6c 6c 6f'), { kind: 'tcpEnd' }],
  },
  {
    id: 'silence',
    steps: [{ kind: 'close', code: 1000, reason: 'done' }, bytes('89 80 00 00 00 00'), { kind: 'timeout' }],
  },
]

export interface StepResult {
  readonly action: StepAction
  readonly happened: readonly Happening[]
  /** Where the endpoint stands afterwards. */
  readonly state: string
}

/** Play the first `count` steps to a fresh server endpoint. */
export function replay(conversation: Conversation, count: number): StepResult[] {
  const endpoint = createEndpoint({ role: 'server', deflate: false })
  return conversation.steps.slice(0, count).map((action) => {
    perform(action, endpoint.connection)
    return { action, happened: endpoint.take(), state: endpoint.connection.state }
  })
}

function perform(action: StepAction, connection: ReturnType<typeof createEndpoint>['connection']): void {
  switch (action.kind) {
    case 'bytes':
      return connection.receive(fromHex(action.hex)!)
    case 'send':
      return void connection.send(action.text)
    case 'close':
      return connection.close(action.code, action.reason)
    case 'tcpEnd':
      return connection.receiveEnd()
    case 'timeout':
      return connection.terminate('timeout')
  }
}
