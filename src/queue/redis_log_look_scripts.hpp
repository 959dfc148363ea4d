// The Lua of RedisLog that people look with. Keys are named in redis_log_scripts.hpp.
#pragma once
#include <string_view>

namespace weft::queue::scripts {

/// partitions. Items, bytes, in flight, age of the oldest.
constexpr std::string_view kStatus = R"lua(
local base, flying, oldest = ARGV[1], 0, 0
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', base .. 'meta', 'items', 'bytes')
for part = 0, ARGV[2] - 1 do
  local line = base .. 's:' .. part
  local pending = redis.pcall('XPENDING', line, 'w')
  if pending[1] then flying = flying + pending[1] end
  local first = redis.call('XRANGE', line, '-', '+', 'COUNT', 1)[1]
  if first then oldest = math.max(oldest, now - tonumber(first[2][6])) end
end
return {tonumber(known[1] or 0), tonumber(known[2] or 0), flying, oldest})lua";

/// partitions, how many of each. The time, then number, id, fields, attempt of each entry.
constexpr std::string_view kPeek = R"lua(
local base = ARGV[1]
local time = redis.call('TIME')
local found = {time[1] * 1000 + math.floor(time[2] / 1000)}
for part = 0, ARGV[2] - 1 do
  local line = base .. 's:' .. part
  for _, entry in ipairs(redis.call('XRANGE', line, '-', '+', 'COUNT', ARGV[3])) do
    local pending = redis.pcall('XPENDING', line, 'w', entry[1], entry[1], 1)
    local n = #found
    found[n + 1], found[n + 2], found[n + 3] = part, entry[1], entry[2]
    found[n + 4] = pending[1] and pending[1][4] or 0
  end
end
return found)lua";

/// partitions. How many there were.
constexpr std::string_view kPurge = R"lua(
local base, purged = ARGV[1], 0
for part = 0, ARGV[2] - 1 do
  local line = base .. 's:' .. part
  purged = purged + redis.call('XLEN', line)
  redis.call('DEL', line, base .. 'r:' .. part)
end
redis.call('HSET', base .. 'meta', 'items', 0, 'bytes', 0)
return purged)lua";

}  // namespace weft::queue::scripts
