/** The rules of the catalogue in simplified Chinese, by the names of their rows; the RFC itself is quoted beside them. */
import { Violations, type Violation } from '../wire/codec.ts'

export const RULES: Readonly<Record<keyof typeof Violations, string>> = {
  UnmaskedFromClient: '客户端必须给它发送的每一帧加掩码',
  MaskedFromServer: '服务器不得给它发送的任何一帧加掩码',
  ReservedBits: 'RSV1、RSV2、RSV3 必须为 0，除非商定的扩展定义了它们',
  ReservedOpcode: '操作码 3-7 与 11-15 是保留的',
  LengthNotMinimal: '载荷长度必须用最少的字节数来编码',
  LengthHighBit: '64 位载荷长度的最高位必须为 0',
  OrphanContinuation: '延续帧之前必须有一个 FIN 为 0 的数据帧',
  InterleavedMessage: '一条消息的分片之间不得穿插另一条消息的分片',
  ControlFragmented: '控制帧不得分片',
  ControlTooLong: '控制帧的载荷必须不超过 125 字节',
  ClosePayloadTooShort: '关闭帧的载荷必须为空，或以 2 字节的关闭码开头',
  InvalidCloseCode: '关闭帧里只能出现 1000-1003、1007-1014 和 3000-4999',
  CloseReasonNotUtf8: '关闭帧的原因必须是 UTF-8',
  TextNotUtf8: '文本消息必须是合法的 UTF-8',
  CompressedControl: '端点不得在控制帧上设置“消息已压缩”位',
  CompressedContinuation: '端点不得在第一个分片之外设置“消息已压缩”位',
  NotDecodable: '载荷必须是扩展能够解码的',
  MessageTooBig: '消息不得超过大小上限',
  TooManyFragments: '消息的分片数不得超过上限',
}

/** A rule in Chinese; undefined for one that the catalogue does not have. */
export function ruleInChinese({ id }: Violation): string | undefined {
  const names = Object.keys(Violations) as (keyof typeof Violations)[]
  const name = names.find((one) => Violations[one].id === id)
  return name === undefined ? undefined : RULES[name]
}
