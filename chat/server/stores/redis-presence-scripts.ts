/**
 * What Redis does in one step each about presence: `conns` holds each connection with its expiry, `users` counts them by
 * user, `names` has their names, and `roster` their order, so that a big room is read page by page. Members who are not there
 * stand in `away` with the time of their going, and in `awayNames`; `cursor` tells who is a member.
 */
import { LIMITS } from '../../protocol/index.ts'

const PRESENCE = `
local conns, users, names, roster, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1]
local cursor, away, awayNames = KEYS[5], KEYS[6], KEYS[7]
local function tell(what, user, name, seen)
  local body = what == '-' and '' or cjson.encode({id = user, name = name, seen = seen})
  local counts = redis.call('HLEN', users) .. ' ' .. redis.call('ZCARD', conns)
  redis.call('PUBLISH', channel, 'P' .. what .. ' ' .. counts .. ' ' .. body)
end
local function goAway(user, name, now)
  if redis.call('HEXISTS', cursor, user) == 0 then return end
  redis.call('ZADD', away, now, user)
  redis.call('HSET', awayNames, user, name)
  if redis.call('ZCARD', away) > ${LIMITS.absent} then
    redis.call('HDEL', awayNames, redis.call('ZPOPMIN', away)[1])
  end
  return tonumber(now)
end
local function leave(member, now)
  if redis.call('ZREM', conns, member) == 0 then return end
  local user = string.match(member, '^%S+ (.*)$')
  if redis.call('HINCRBY', users, user, -1) > 0 then return tell('-') end
  local name = redis.call('HGET', names, user) or ''
  redis.call('HDEL', users, user)
  redis.call('HDEL', names, user)
  redis.call('ZREM', roster, user)
  tell('L', user, name, goAway(user, name, now))
end
`

/** KEYS conns users names roster cursor away awayNames; ARGV channel member user name expiry. Idempotent: it also refreshes. */
export const ENTER = `${PRESENCE}
local _, member, user, name, expiry = unpack(ARGV)
local isNew = redis.call('ZADD', conns, expiry, member) == 1
local known = redis.call('HGET', names, user)
if isNew then redis.call('HINCRBY', users, user, 1) end
redis.call('ZADD', roster, 0, user)
if redis.call('ZREM', away, user) == 1 then redis.call('HDEL', awayNames, user) end
if known ~= name then
  redis.call('HSET', names, user, name)
  tell('J', user, name)
elseif isNew then tell('-') end
return 1
`

/** KEYS as above; ARGV channel member now. */
export const LEAVE = `${PRESENCE}
leave(ARGV[2], ARGV[3])
return 1
`

/** KEYS as above; ARGV channel now. Takes away what nobody has refreshed. */
export const SWEEP = `${PRESENCE}
local gone = redis.call('ZRANGEBYSCORE', conns, '-inf', ARGV[2], 'LIMIT', 0, 200)
for _, member in ipairs(gone) do leave(member, ARGV[2]) end
return #gone
`

/**
 * KEYS conns users names roster; ARGV from (exclusive with '(', '-' for the start) count. Answers users, connections, then id,
 * name and connections of each: what a page costs depends on the page, not on the room.
 */
export const PAGE = `
local conns, users, names, roster = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local answer = {tostring(redis.call('HLEN', users)), tostring(redis.call('ZCARD', conns))}
for _, user in ipairs(redis.call('ZRANGEBYLEX', roster, ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  table.insert(answer, user)
  table.insert(answer, redis.call('HGET', names, user) or '')
  table.insert(answer, redis.call('HGET', users, user) or '0')
end
return answer
`

/**
 * KEYS away awayNames; ARGV from count. Answers id, name and time of each, the last to go first, from this time on; those of this
 * very time are not counted.
 */
export const ABSENT = `
local away, awayNames, from = KEYS[1], KEYS[2], ARGV[1]
local most = ARGV[2] + redis.call('ZCOUNT', away, from, from)
local answer = {}
local rows = redis.call('ZREVRANGEBYSCORE', away, from, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
for i = 1, #rows, 2 do
  table.insert(answer, rows[i])
  table.insert(answer, redis.call('HGET', awayNames, rows[i]) or '')
  table.insert(answer, rows[i + 1])
end
return answer
`
