/**
 * Node's larger modules, loaded when they are first used. An `import` of `node:http` evaluates every export it
 * has, and from Node 22 on one of them is all of `fetch`: megabytes of heap for a server that never uses it.
 */
import type cluster from 'node:cluster'
import type * as http from 'node:http'
import type * as http2 from 'node:http2'
import type * as https from 'node:https'
import type * as tls from 'node:tls'
import type * as workerThreads from 'node:worker_threads'

export const builtin = {
  get cluster(): typeof cluster {
    return process.getBuiltinModule('node:cluster') as unknown as typeof cluster
  },
  get http(): typeof http {
    return process.getBuiltinModule('node:http')
  },
  get http2(): typeof http2 {
    return process.getBuiltinModule('node:http2')
  },
  get https(): typeof https {
    return process.getBuiltinModule('node:https')
  },
  get tls(): typeof tls {
    return process.getBuiltinModule('node:tls')
  },
  get workerThreads(): typeof workerThreads {
    return process.getBuiltinModule('node:worker_threads')
  },
}
