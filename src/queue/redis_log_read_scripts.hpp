// The Lua of RedisLog that owns and reads. Keys are named in redis_log_scripts.hpp.
#pragma once
#include <string_view>

namespace weft::queue::scripts {

/// me, lease, "1" = wants, partitions. How many contenders, then what it owns.
constexpr std::string_view kClaim = R"lua(
local base, me, lease, wants, parts = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local contenders = base .. 'contenders'
redis.call('ZREMRANGEBYSCORE', contenders, '-inf', string.format('%.0f', now))
if wants then
  redis.call('ZADD', contenders, string.format('%.0f', now + lease), me)
else
  redis.call('ZREM', contenders, me)
end
local count = redis.call('ZCARD', contenders)
local share = math.ceil(parts / math.max(count, 1))
local found, free = {count}, {}
for part = 0, parts - 1 do
  local key = base .. 'o:' .. part
  local owner = redis.call('GET', key)
  if owner == me then
    redis.call('PEXPIRE', key, lease)
    found[#found + 1] = part
  elseif not owner then
    free[#free + 1] = part
  end
end
for _, part in ipairs(free) do
  if not wants or #found - 1 >= share then break end
  redis.call('SET', base .. 'o:' .. part, me, 'PX', lease)
  found[#found + 1] = part
end
return found)lua";

/// me, partition, sequences that nobody saw. What is in flight is nobody's then.
constexpr std::string_view kRelease = R"lua(
local base, me, part = ARGV[1], ARGV[2], ARGV[3]
local line, key = base .. 's:' .. part, base .. 'o:' .. part
if redis.call('GET', key) ~= me then return 0 end
local unseen, from = {}, '-'
for at = 4, #ARGV do unseen[ARGV[at] .. '-0'] = true end
repeat
  local pending = redis.pcall('XPENDING', line, 'w', from, '+', 200, me)
  for _, one in ipairs(pending) do
    local attempts = one[4]
    if unseen[one[1]] then attempts = math.max(attempts - 1, 0) end
    redis.call('XCLAIM', line, 'w', '-', 0, one[1], 'RETRYCOUNT', attempts, 'JUSTID')
    from = '(' .. one[1]
  end
until #pending < 200
return redis.call('DEL', key))lua";

/// me, how many, partitions. The time; then of each partition that is owned: its number,
/// the last sequence that was given to it, new entries.
constexpr std::string_view kRead = R"lua(
local base, me, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local found = {time[1] * 1000 + math.floor(time[2] / 1000)}
for at = 4, #ARGV do
  local part = ARGV[at]
  if left <= 0 then break end
  if redis.call('GET', base .. 'o:' .. part) == me then
    local line, count = base .. 's:' .. part, left
    local read = redis.pcall('XREADGROUP', 'GROUP', 'w', me, 'COUNT', count, 'STREAMS', line, '>')
    if read and read.err and string.find(read.err, 'NOGROUP') then
      redis.call('XGROUP', 'CREATE', line, 'w', '0', 'MKSTREAM')
      read = redis.call('XREADGROUP', 'GROUP', 'w', me, 'COUNT', count, 'STREAMS', line, '>')
    elseif read and read.err then
      return read
    end
    found[#found + 1] = part
    found[#found + 1] = redis.call('HGET', base .. 'meta', 'last:' .. part) or '0'
    local entries = read and read[1] and read[1][2] or {}
    found[#found + 1] = entries
    left = left - #entries
  end
end
return found)lua";

/// me, partition, from where on, how many, then sequences that it has. What is in flight and not
/// among these: "1" if it owns the partition, the time, from where on the next time ("" = that was
/// all), then id, fields, attempt, rest of each.
constexpr std::string_view kRecover = R"lua(
local base, me, part = ARGV[1], ARGV[2], ARGV[3]
local line, known = base .. 's:' .. part, {}
if redis.call('GET', base .. 'o:' .. part) ~= me then return {'0'} end
redis.pcall('XGROUP', 'CREATE', line, 'w', '0', 'MKSTREAM')
for at = 6, #ARGV do known[ARGV[at] .. '-0'] = true end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local pending = redis.call('XPENDING', line, 'w', ARGV[4], '+', ARGV[5])
local next = ''
if #pending == tonumber(ARGV[5]) then next = '(' .. pending[#pending][1] end
local found = {'1', now, next}
local rests = base .. 'r:' .. part
local some_rest = redis.call('EXISTS', rests) == 1
-- what is left; whether there was one
local function rest_of(id)
  local sequence = string.sub(id, 1, -3)
  local known = some_rest and redis.call('HGET', rests, sequence)
  if not known then return 0, false end
  local due, longest = string.match(known, '^(%d+) (%d+)$')
  local left = math.min(due - now, tonumber(longest))
  if left <= 0 then redis.call('HDEL', rests, sequence) end
  return math.max(left, 0), true
end
for _, one in ipairs(pending) do
  local id, mine, attempt = one[1], one[2] == me, one[4]
  if not (mine and known[id]) then
    local entry
    local rest, rested = rest_of(id)
    if mine and not rested then
      entry = redis.call('XRANGE', line, id, id)[1]
    elseif rest > 0 then
      entry, attempt = redis.call('XCLAIM', line, 'w', me, 0, id, 'RETRYCOUNT', attempt)[1], attempt + 1
    else
      entry, attempt = redis.call('XCLAIM', line, 'w', me, 0, id)[1], attempt + 1
    end
    if entry then
      local n = #found
      found[n + 1], found[n + 2], found[n + 3], found[n + 4] = id, entry[2], attempt, rest
    else
      redis.call('XACK', line, 'w', id)
    end
  end
end
if next == '' then
  for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', line, 'w')) do
    local about = {}
    for i = 1, #one, 2 do about[one[i]] = one[i + 1] end
    if about.name ~= me and about.pending == 0 then
      redis.call('XGROUP', 'DELCONSUMER', line, 'w', about.name)
    end
  end
end
return found)lua";

}  // namespace weft::queue::scripts
