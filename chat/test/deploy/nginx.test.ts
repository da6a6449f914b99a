import { spawn } from 'node:child_process'
import { describeBehind } from '../support/behind-proxy.ts'

/** Nothing outside the test's folder. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)

describeBehind({
  program: 'nginx',
  version: ['-v'],
  config: 'nginx.conf',
  adapt: (text, { port }) =>
    text
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('worker_processes auto', 'daemon off;\nerror_log stderr;\npid nginx.pid;\nworker_processes 1')
      .replace('worker_shutdown_timeout 60s', 'worker_shutdown_timeout 2s')
      .replace('access_log off;', `access_log off;\n  ${TEMPORARY.join(' ')}`),
  start: ({ folder }) => spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'ignore' }),
  reload: (running) => running.kill('SIGHUP'),
})
