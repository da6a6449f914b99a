/**
 * `barewire/protocol`: the sans-I/O core, for study and for other runtimes. Nothing here touches a socket, a timer, a clock
 * or a source of randomness.
 */
export * from './close-code.ts'
export * from './close-payload.ts'
export * from './connection.ts'
export * from './connection-options.ts'
export * from './connection-state.ts'
export * from './extension.ts'
export * from './frame-header.ts'
export * from './frame-reader.ts'
export * from './frame-rules.ts'
export * from './frame-writer.ts'
export * from './mask.ts'
export * from './message-assembler.ts'
export * from './message-sender.ts'
export * from './opcode.ts'
export * from './payload-buffer.ts'
export * from './slab.ts'
export * from './text-codec.ts'
export * from './utf8.ts'
export * from './violation.ts'
