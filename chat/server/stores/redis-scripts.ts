/**
 * What Redis does in one step each. All keys of a room share the hash tag `{room}`; times are milliseconds.
 *
 * A log is a stream whose ids are `seq-0`. What an edit or a delete changes lies beside it in `changes`, by `seq`, behind a
 * letter: `E` edited, `D` deleted. Notices on the channel begin with a letter: `E` entry, `P` presence, `J` JSON, `C` check.
 */

/** Restored from an older snapshot, the log is behind what a node has seen: positions would be given twice. */
const TRAP = `
local function trap(meta, epoch, head, seenEpoch, seenSeq, newEpoch, channel)
  if epoch == seenEpoch and tonumber(seenSeq) > head then
    redis.call('HSET', meta, 'epoch', newEpoch)
    redis.call('PUBLISH', channel, 'C')
    return newEpoch
  end
  return epoch
end
local function firstOf(log, head)
  local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
  if #oldest == 0 then return head + 1 end
  return tonumber(string.match(oldest[1][1], '^%d+'))
end
`

/** KEYS meta log cidNow cidBefore changes; ARGV user cid kind target json change keep ttl ts + trap's four. */
export const APPEND = `${TRAP}
local meta, log, cids, before, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local user, cid, kind, target, json, change, keep, ttl, ts = unpack(ARGV, 1, 9)
local state = redis.call('HMGET', meta, 'epoch', 'head')
if not state[1] then return {'no_room'} end
local head = tonumber(state[2])
local epoch = trap(meta, state[1], head, ARGV[10], ARGV[11], ARGV[12], ARGV[13])
local field = user .. ' ' .. cid
local known = redis.call('HGET', cids, field) or redis.call('HGET', before, field)
if known then
  local seq, at = string.match(known, '^(%d+):(%d+)$')
  return {'dup', seq, at, epoch}
end
if kind ~= 'msg' then
  local rows = redis.call('XRANGE', log, target .. '-0', target .. '-0')
  if #rows == 0 or rows[1][2][6] ~= 'msg' then return {'no_message'} end
  if rows[1][2][4] ~= user then return {'forbidden'} end
  local done = redis.call('HGET', changes, target)
  if done and string.sub(done, 1, 1) == 'D' then return {'conflict'} end
  redis.call('HSET', changes, target, change)
end
head = head + 1
redis.call('HSET', meta, 'head', head)
redis.call('XADD', log, 'MAXLEN', '~', keep, head .. '-0', 'p', epoch, 'u', user, 'k', kind, 'e', json)
redis.call('HSET', cids, field, head .. ':' .. ts)
redis.call('PEXPIRE', cids, ttl)
if head % 1000 == 0 then
  local first = firstOf(log, head)
  for _, seq in ipairs(redis.call('HKEYS', changes)) do
    if tonumber(seq) < first then redis.call('HDEL', changes, seq) end
  end
end
redis.call('PUBLISH', ARGV[13], 'E' .. epoch .. ' ' .. head .. ' ' .. json)
return {'ok', tostring(head), ts, epoch}
`

/** KEYS meta log changes; ARGV seenEpoch seenSeq newEpoch channel + after before limit ('' for none; limit 0: no entries). */
export const READ = `${TRAP}
local meta, log, changes = KEYS[1], KEYS[2], KEYS[3]
local state = redis.call('HMGET', meta, 'epoch', 'head')
if not state[1] then return {} end
local head = tonumber(state[2])
local epoch = trap(meta, state[1], head, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
local first = firstOf(log, head)
local after, before, limit = ARGV[5], ARGV[6], tonumber(ARGV[7])
local from, to
if after ~= '' then
  from = math.max(first, tonumber(after) + 1)
  to = math.min(head, from + limit - 1)
else
  to = math.min(head, (tonumber(before) or head + 1) - 1)
  from = math.max(first, to - limit + 1)
end
local answer = {epoch, tostring(head), tostring(first)}
if limit == 0 or from > to then return answer end
for _, row in ipairs(redis.call('XRANGE', log, from .. '-0', to .. '-0')) do
  local seq = string.match(row[1], '^%d+')
  local fields = row[2]
  local target = seq
  if fields[6] == 'edit' then target = string.match(fields[8], '"target":(%d+)') end
  local change = fields[6] ~= 'delete' and redis.call('HGET', changes, target) or ''
  table.insert(answer, {seq, fields[2], fields[8], change or ''})
end
return answer
`

/** KEYS meta cursor read; ARGV user. Answers cursor, read, whether the user is new. */
export const ENROL = `
local head = redis.call('HGET', KEYS[1], 'head')
if not head then return {'0', '0', '0'} end
local isNew = redis.call('HSETNX', KEYS[2], ARGV[1], head)
redis.call('HSETNX', KEYS[3], ARGV[1], head)
return {redis.call('HGET', KEYS[2], ARGV[1]), redis.call('HGET', KEYS[3], ARGV[1]), tostring(isNew)}
`

/** KEYS meta marks; ARGV user seq. */
export const MARK = `
local known = redis.call('HGET', KEYS[2], ARGV[1])
local head = redis.call('HGET', KEYS[1], 'head')
if not known or not head then return 0 end
local seq = math.min(tonumber(ARGV[2]), tonumber(head))
if seq > tonumber(known) then redis.call('HSET', KEYS[2], ARGV[1], seq) end
return 1
`
