// The Lua of RedisLog. ARGV[1] is the base of every key, `<prefix>:{q:<topic>}:`; behind it stand
//   meta            hash: items, bytes, last:<partition> (the last sequence that was given)
//   s:<partition>   stream, entries `<sequence>-0` with c, d, t and of dead letters q, w, j; group
//   w,
//                   whose consumers are the nodes, and `-` for what was given up
//   r:<partition>   hash: sequence -> "<due> <time>" of a job that rests until then, and no longer
//                   than that time whatever is done to the clock
//   o:<partition>   who owns it, expires with the lease
//   contenders      nodes that want partitions, by the end of their wish
//   seen:<node>     hash: partition -> the last number of that sender
// Time is the server's.
#pragma once
#include <string_view>

namespace weft::queue::scripts {

/// partition, sender, max items, max bytes, then number, connection, data, and topic, reason and id
/// of a death or "" of each job. How many are stored, depth.
constexpr std::string_view kAppend = R"lua(
local base, part = ARGV[1], ARGV[2]
local meta, line, seen = base .. 'meta', base .. 's:' .. part, base .. 'seen:' .. ARGV[3]
local max_items, max_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', meta, 'items', 'bytes', 'last:' .. part)
local items, bytes = tonumber(known[1] or 0), tonumber(known[2] or 0)
local last = tonumber(redis.call('HGET', seen, part) or 0)
local sequence = tonumber(known[3] or 0)
if sequence == 0 then
  sequence = (now - 1767225600000) * 4
  local info = redis.pcall('XINFO', 'STREAM', line)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      sequence = math.max(sequence, tonumber(string.match(info[i + 1], '^%d+')))
    end
  end
end
local stored, added = 0, 0
for at = 6, #ARGV, 6 do
  local number, data = tonumber(ARGV[at]), ARGV[at + 2]
  if number > last then
    if items + 1 > max_items or bytes + #data > max_bytes then break end
    sequence, items, bytes = sequence + 1, items + 1, bytes + #data
    local id = string.format('%.0f-0', sequence)
    local stamp = string.format('%.0f', now)
    if ARGV[at + 3] == '' then
      redis.call('XADD', line, id, 'c', ARGV[at + 1], 'd', data, 't', stamp)
    else
      redis.call('XADD', line, id, 'c', ARGV[at + 1], 'd', data, 't', stamp,
        'q', ARGV[at + 3], 'w', ARGV[at + 4], 'j', ARGV[at + 5])
    end
    last, added = number, added + 1
  end
  stored = stored + 1
end
if added > 0 then
  redis.call('HSET', meta, 'items', string.format('%.0f', items), 'bytes', string.format('%.0f', bytes),
    'last:' .. part, string.format('%.0f', sequence))
  redis.call('HSET', seen, part, string.format('%.0f', last))
  redis.call('PEXPIRE', seen, 86400000)
end
return {stored, items})lua";

/// me or "" = whoever owns, then partition and sequence of each. How many of them were of
/// partitions that are owned, how many entries there were.
constexpr std::string_view kErase = R"lua(
local base, me, owns, rests = ARGV[1], ARGV[2], {}, {}
local owned, erased, size = 0, 0, 0
for at = 3, #ARGV, 2 do
  local part, id = ARGV[at], ARGV[at + 1] .. '-0'
  local line = base .. 's:' .. part
  if owns[part] == nil then
    owns[part] = me == '' or redis.call('GET', base .. 'o:' .. part) == me
    rests[part] = owns[part] and redis.call('EXISTS', base .. 'r:' .. part) == 1
  end
  if owns[part] then
    owned = owned + 1
    local entry = redis.call('XRANGE', line, id, id)[1]
    if entry then
      for i = 1, #entry[2], 2 do
        if entry[2][i] == 'd' then size = size + #entry[2][i + 1] end
      end
      redis.pcall('XACK', line, 'w', id)
      erased = erased + redis.call('XDEL', line, id)
      if rests[part] then redis.call('HDEL', base .. 'r:' .. part, ARGV[at + 1]) end
    end
  end
end
if erased > 0 then
  redis.call('HINCRBY', base .. 'meta', 'items', -erased)
  redis.call('HINCRBY', base .. 'meta', 'bytes', -size)
end
return {owned, erased})lua";

/// me, then partition and sequence of each.
constexpr std::string_view kAgain = R"lua(
local base, me = ARGV[1], ARGV[2]
for at = 3, #ARGV, 2 do
  local line, id = base .. 's:' .. ARGV[at], ARGV[at + 1] .. '-0'
  local pending = redis.pcall('XPENDING', line, 'w', id, id, 1)
  if pending[1] and pending[1][2] == me then
    redis.call('XCLAIM', line, 'w', me, 0, id)
    redis.call('HDEL', base .. 'r:' .. ARGV[at], ARGV[at + 1])
  end
end
return 0)lua";

/// me, then partition, sequence and time of each. How many are of partitions that are owned.
constexpr std::string_view kRest = R"lua(
local base, me, owned = ARGV[1], ARGV[2], 0
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 3, #ARGV, 3 do
  local part, sequence, rest = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if redis.call('GET', base .. 'o:' .. part) == me then
    owned = owned + 1
    local id = sequence .. '-0'
    local pending = redis.pcall('XPENDING', base .. 's:' .. part, 'w', id, id, 1)
    if pending[1] and pending[1][2] == me then
      redis.call('HSET', base .. 'r:' .. part, sequence, string.format('%.0f %s', now + rest, rest))
    end
  end
end
return owned)lua";

}  // namespace weft::queue::scripts
