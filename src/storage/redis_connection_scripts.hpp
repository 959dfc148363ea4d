// The Lua that changes rows in Redis: ARGV[1] is the prefix. redis_connections.hpp says what the
// keys hold.
#pragma once
#include <string_view>

namespace weft::storage::scripts {

/// id, slot, user, then fields and values. 0 = it has a row.
constexpr std::string_view kInsert = R"lua(
local p, id, slot, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local row = p .. 'connection:' .. id
if redis.call('EXISTS', row) == 1 then return 0 end
redis.call('HSET', row, 'slot', slot, 'user', user, unpack(ARGV, 5))
redis.call('ZADD', p .. 'connections', 0, id)
redis.call('SADD', p .. 'node:' .. slot .. ':connections', id)
redis.call('SADD', p .. 'nodes', slot)
if user ~= '' then redis.call('SADD', p .. 'user:' .. user, id) end
return 1)lua";

/// id, time, then field and value of what changes. 0 = it has no row.
constexpr std::string_view kUpdate = R"lua(
local p, id = ARGV[1], ARGV[2]
local row = p .. 'connection:' .. id
local old = redis.call('HGET', row, 'user')
if not old then return 0 end
redis.call('HSET', row, 'updated_at', ARGV[3], unpack(ARGV, 4))
local user = redis.call('HGET', row, 'user')
if user ~= old then
  if old ~= '' then redis.call('SREM', p .. 'user:' .. old, id) end
  if user ~= '' then redis.call('SADD', p .. 'user:' .. user, id) end
end
return 1)lua";

/// id. How many rows there were.
constexpr std::string_view kRemove = R"lua(
local p, id = ARGV[1], ARGV[2]
local row = p .. 'connection:' .. id
local known = redis.call('HMGET', row, 'slot', 'user')
redis.call('ZREM', p .. 'connections', id)
if known[1] then redis.call('SREM', p .. 'node:' .. known[1] .. ':connections', id) end
if known[2] and known[2] ~= '' then redis.call('SREM', p .. 'user:' .. known[2], id) end
return redis.call('DEL', row))lua";

/// behind which id ('-' = from the beginning), how many. A list of id, row, id, row …
constexpr std::string_view kList = R"lua(
local p, out = ARGV[1], {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', p .. 'connections', ARGV[2], '+', 'LIMIT', 0, ARGV[3])) do
  out[#out + 1] = id
  out[#out + 1] = redis.call('HGETALL', p .. 'connection:' .. id)
end
return out)lua";

/// slot, boot, lease in milliseconds. 1 = the lease was running, 0 = it was not, -1 = rows of
/// another boot have to go first.
constexpr std::string_view kKeep = R"lua(
local p, slot, boot = ARGV[1], ARGV[2], ARGV[3]
local node = p .. 'node:' .. slot
local was_running = redis.call('EXISTS', node .. ':lease')
if redis.call('GET', node .. ':boot') ~= boot then
  if redis.call('EXISTS', node .. ':connections') == 1 then return -1 end
  was_running = 0
end
redis.call('SET', node .. ':boot', boot)
redis.call('SET', node .. ':lease', boot, 'PX', ARGV[4])
redis.call('SADD', p .. 'nodes', slot)
return was_running)lua";

/// slot, how many, '1' = only when no lease runs. How many rows went; 0 = that is all.
constexpr std::string_view kDrop = R"lua(
local p, slot = ARGV[1], ARGV[2]
local node = p .. 'node:' .. slot
if ARGV[4] == '1' and redis.call('EXISTS', node .. ':lease') == 1 then return 0 end
redis.call('DEL', node .. ':lease')
local ids = redis.call('SPOP', node .. ':connections', ARGV[3])
for _, id in ipairs(ids) do
  local row = p .. 'connection:' .. id
  local user = redis.call('HGET', row, 'user')
  if user and user ~= '' then redis.call('SREM', p .. 'user:' .. user, id) end
  redis.call('ZREM', p .. 'connections', id)
  redis.call('DEL', row)
end
if #ids == 0 then
  redis.call('DEL', node .. ':boot')
  redis.call('SREM', p .. 'nodes', slot)
end
return #ids)lua";

/// Slots that have rows and no lease; those without either are forgotten.
constexpr std::string_view kDead = R"lua(
local p, dead = ARGV[1], {}
for _, slot in ipairs(redis.call('SMEMBERS', p .. 'nodes')) do
  local node = p .. 'node:' .. slot
  if redis.call('EXISTS', node .. ':lease') == 0 then
    if redis.call('EXISTS', node .. ':connections') == 1 then
      dead[#dead + 1] = slot
    else
      redis.call('SREM', p .. 'nodes', slot)
      redis.call('DEL', node .. ':boot')
    end
  end
end
return dead)lua";

}  // namespace weft::storage::scripts
