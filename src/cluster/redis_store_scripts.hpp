// The Lua behind RedisStore. ARGV[1] is the prefix, ARGV[2] the node that is meant. Time is the
// server's, in milliseconds.
//   <prefix>:nodes        hash: node → "slot last-beat lease-end claimer claim-end info"; "-" =
//   none <prefix>:slots        hash: slot → "node 0", or "node end" while it rests
//   <prefix>:kept:<node>  hash: key → value
#pragma once
#include <string>
#include <string_view>

namespace weft::cluster::scripts {

/// Before each of them. An entry that somebody else wrote is no entry.
constexpr std::string_view kWords = R"lua(
local nodes, slots = ARGV[1] .. ':nodes', ARGV[1] .. ':slots'
local me, kept = ARGV[2], ARGV[1] .. ':kept:' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function parse(text)
  local slot, beat, ends, by, till, info =
    string.match(text or '', '^(%d+) (%d+) (%d+) (%S+) (%d+) (.*)$')
  if not slot then return nil end
  return {slot = slot, beat = tonumber(beat), ends = tonumber(ends),
          by = by, till = tonumber(till), info = info}
end
local function read(id) return parse(redis.call('HGET', nodes, id)) end
local function write(id, node)
  redis.call('HSET', nodes, id, string.format('%s %.0f %.0f %s %.0f ', node.slot, node.beat,
                                              node.ends, node.by, node.till) .. node.info)
end
local function leased(id)
  local node = read(id)
  return node and node.by == '-' and node or nil
end
-- Why `me` has no lease: -2 = somebody has claimed or buried it, -1 = it is not known.
local function why_lost()
  if read(me) then return -2 end
  for _, text in ipairs(redis.call('HVALS', slots)) do
    local id, ends = string.match(text, '^(%S+) (%d+)$')
    if id == me and tonumber(ends) > now then return -2 end
  end
  return -1
end
)lua";

/// the slot or "", info, lease. The slot; -1 = it is taken; -2 = all are.
constexpr std::string_view kJoin = R"lua(
local mine, slot = read(me), ARGV[3]
-- Somebody tells what it left behind: not before he is done.
if mine and mine.by ~= '-' and mine.till > now then return -1 end
local function is_free(text)
  local id, ends = string.match(text or '', '^(%S+) (%d+)$')
  if not id or id == me then return true end
  if ends == '0' then return redis.call('HEXISTS', nodes, id) == 0 end
  return tonumber(ends) <= now
end
if slot == '' and mine then slot = mine.slot end
if slot ~= '' then
  if not is_free(redis.call('HGET', slots, slot)) then return -1 end
else
  local all, taken = redis.call('HGETALL', slots), {}
  for i = 1, #all, 2 do taken[all[i]] = all[i + 1] end
  for at = 0, 4095 do
    local name = string.format('%.0f', at)
    if is_free(taken[name]) then slot = name break end
  end
  if slot == '' then return -2 end
end
if mine and mine.slot ~= slot then redis.call('HDEL', slots, mine.slot) end
redis.call('HSET', slots, slot, me .. ' 0')
redis.call('DEL', kept)
write(me, {slot = slot, beat = now, ends = now + ARGV[5], by = '-', till = 0, info = ARGV[4]})
return tonumber(slot))lua";

/// info, lease. Node, slot, 1 = alive, milliseconds since its beat, info; again for the next one.
/// Negative = it has no lease, see why_lost().
constexpr std::string_view kBeat = R"lua(
local mine = leased(me)
if not mine then return why_lost() end
mine.beat, mine.ends, mine.info = now, now + ARGV[4], ARGV[3]
write(me, mine)
local all, out = redis.call('HGETALL', nodes), {}
for i = 1, #all, 2 do
  local node = parse(all[i + 1])
  if node then
    local n = #out
    out[n + 1], out[n + 2] = all[i], tonumber(node.slot)
    out[n + 3] = node.by == '-' and node.ends > now and 1 or 0
    out[n + 4], out[n + 5] = math.max(now - node.beat, 0), node.info
  end
end
return out)lua";

constexpr std::string_view kLeave = R"lua(
local mine = leased(me)
if not mine then return 0 end
redis.call('HDEL', nodes, me)
redis.call('HDEL', slots, mine.slot)
redis.call('DEL', kept)
return 1)lua";

/// key, "1", value or key, "0", "". Negative = it has no lease.
constexpr std::string_view kKeep = R"lua(
if not leased(me) then return why_lost() end
for i = 3, #ARGV, 3 do
  if ARGV[i + 1] == '1' then redis.call('HSET', kept, ARGV[i], ARGV[i + 2])
  else redis.call('HDEL', kept, ARGV[i]) end
end
return 0)lua";

/// who claims, patience. 1 = the claim is his.
constexpr std::string_view kClaim = R"lua(
local node = read(me)
if not node then return 0 end
if node.by == '-' and node.ends > now then return 0 end
if node.by ~= '-' and node.by ~= ARGV[3] and node.till > now then return 0 end
node.by, node.till = ARGV[3], now + ARGV[4]
write(me, node)
return 1)lua";

/// keys. Those of a node that is back already stay.
constexpr std::string_view kDrop = R"lua(
if leased(me) then return 0 end
for i = 3, #ARGV do redis.call('HDEL', kept, ARGV[i]) end
return 1)lua";

/// how long the slot rests.
constexpr std::string_view kBury = R"lua(
local node = read(me)
if not node or node.by == '-' then return 0 end
redis.call('HDEL', nodes, me)
redis.call('HSET', slots, node.slot, string.format('%s %.0f', me, now + ARGV[3]))
redis.call('DEL', kept)
return 1)lua";

}  // namespace weft::cluster::scripts
