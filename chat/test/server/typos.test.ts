import { expect, it } from 'vitest'
import { likelyTypos } from '../../server/typos.ts'

it.each([
  ['GUEST', 'GUESTS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['port', 'PORT'],
  ['REDIS_URI', 'REDIS_URL'],
  ['TLS_CRET', 'TLS_CERT'],
  ['ROOMSS', 'ROOMS'],
])('asks at %s whether %s is meant', (name, meant) => {
  expect(likelyTypos({ [name]: 'x' })).toEqual([`${name} is not read; is ${meant} meant?`])
})

it('is silent about variables of others, about its own, and where the right one is given', () => {
  const others = { PATH: '/bin', HOME: '/', HOSTNAME: 'h', TERM: 't', LOGNAME: 'me', PORTAL: '1', npm_config_port: '1' }
  expect(likelyTypos({ ...others, PORT: '1', STORE: 'memory' })).toEqual([])
  expect(likelyTypos({ GUEST: 'a', GUESTS: 'on' })).toEqual([])
})
