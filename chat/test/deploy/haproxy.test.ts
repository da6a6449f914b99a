import { spawn } from 'node:child_process'
import { describeBehind } from '../support/behind-proxy.ts'

describeBehind({
  program: 'haproxy',
  version: ['-v'],
  config: 'haproxy.cfg',
  adapt: (text, { port }) =>
    text
      .replace('bind :8080', `bind 127.0.0.1:${port}`)
      .replace('maxconn 40000', 'maxconn 1000')
      .replace('hard-stop-after 60s', 'hard-stop-after 2s'),
  // Master and workers, in the foreground.
  start: ({ file }) => spawn('haproxy', ['-W', '-db', '-f', file], { stdio: 'ignore' }),
  reload: (running) => running.kill('SIGUSR2'),
})
