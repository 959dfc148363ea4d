// The Lua that changes message streams in Redis: ARGV[1] is the prefix.
#pragma once
#include <string_view>

namespace weft::storage::scripts {

/// slot, bound, then fields and values. The id; nil = it is full.
constexpr std::string_view kSave = R"lua(
local key = ARGV[1] .. 'messages:' .. ARGV[2]
if redis.call('XLEN', key) >= tonumber(ARGV[3]) then return false end
return redis.call('XADD', key, '*', unpack(ARGV, 4)))lua";

/// slot, ids. What lies before the first entry that is still pending is trimmed away node by node,
/// which costs far less than to delete entries one by one; those behind it are deleted so that one
/// slow target does not fill the stream.
constexpr std::string_view kAck = R"lua(
local key, floor, behind = ARGV[1] .. 'messages:' .. ARGV[2], nil, {}
redis.call('XACK', key, 'weft', unpack(ARGV, 3))
local function numbers(id)
  local millis, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(millis), tonumber(number)
end
local function is_below(id, other)
  local a, b = numbers(id)
  local c, d = numbers(other)
  return a < c or (a == c and b < d)
end
local pending = redis.pcall('XPENDING', key, 'weft')
if pending[1] and pending[1] > 0 then
  floor = pending[2]
elseif pending[1] then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local known = {}
    for i = 1, #group, 2 do known[group[i]] = group[i + 1] end
    local millis, number = numbers(known['last-delivered-id'])
    if known.name == 'weft' then floor = string.format('%.0f-%.0f', millis, number + 1) end
  end
end
if floor then redis.call('XTRIM', key, 'MINID', floor) end
for at = 3, #ARGV do
  if not floor or not is_below(ARGV[at], floor) then behind[#behind + 1] = ARGV[at] end
end
if #behind > 0 then redis.call('XDEL', key, unpack(behind)) end
return #ARGV - 2)lua";

/// slot, bound of the dead letters, then id, why, attempts of each. How many were there. Of an
/// entry that somebody made huge only a part is kept.
constexpr std::string_view kBury = R"lua(
local key, buried = ARGV[1] .. 'messages:' .. ARGV[2], 0
for at = 4, #ARGV, 3 do
  local id = ARGV[at]
  local entry = redis.call('XRANGE', key, id, id)[1]
  if entry then
    local fields = {}
    for i = 1, math.min(#entry[2], 64) do fields[i] = string.sub(entry[2][i], 1, 1048576) end
    for _, more in ipairs({'id', id, 'why', ARGV[at + 1], 'attempts', ARGV[at + 2]}) do
      fields[#fields + 1] = more
    end
    redis.call('XADD', key .. ':dead', 'MAXLEN', '~', ARGV[3], '*', unpack(fields))
    redis.call('XDEL', key, id)
    buried = buried + 1
  end
  redis.call('XACK', key, 'weft', id)
end
return buried)lua";

/// slot, "forget" or "revive", bound of the stream, ids of dead letters. How many were there; -1 =
/// there is no room for those that shall live again. Dead letters are found from the oldest on.
constexpr std::string_view kExhume = R"lua(
local key, wanted, left = ARGV[1] .. 'messages:' .. ARGV[2], {}, #ARGV - 4
local dead, found, from = key .. ':dead', 0, '-'
for at = 5, #ARGV do wanted[ARGV[at]] = true end
if ARGV[3] == 'revive' and redis.call('XLEN', key) + left > tonumber(ARGV[4]) then return -1 end
while left > 0 do
  local entries = redis.call('XRANGE', dead, from, '+', 'COUNT', 500)
  for _, entry in ipairs(entries) do
    local fields, id = {}, nil
    for i = 1, #entry[2], 2 do
      local name, value = entry[2][i], entry[2][i + 1]
      if name == 'id' then id = value
      elseif name ~= 'why' and name ~= 'attempts' then
        fields[#fields + 1] = name
        fields[#fields + 1] = value
      end
    end
    if id and wanted[id] then
      if ARGV[3] == 'revive' then redis.call('XADD', key, '*', unpack(fields)) end
      redis.call('XDEL', dead, entry[1])
      wanted[id], found, left = nil, found + 1, left - 1
    end
  end
  if #entries < 500 then break end
  from = '(' .. entries[#entries][1]
end
return found)lua";

/// slot of this node, slot of one that is gone. Moves up to 500 messages and as many dead letters;
/// a message keeps what is left of its time. Of an entry that somebody made huge only a part is
/// kept. How many of each.
constexpr std::string_view kAdopt = R"lua(
local prefix, most = ARGV[1] .. 'messages:', 500
local from, to = prefix .. ARGV[3], prefix .. ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function move(source, target)
  local entries = redis.call('XRANGE', source, '-', '+', 'COUNT', most)
  for _, entry in ipairs(entries) do
    local id, fields = entry[1], entry[2]
    for i = 1, #fields, 2 do
      local ttl = fields[i] == 'ttl' and tonumber(fields[i + 1])
      if ttl and ttl > 0 and source == from then
        local age = now - tonumber(string.match(id, '^%d+'))
        fields[i + 1] = string.format('%.0f', math.max(ttl - age, 1))
      end
    end
    redis.call('XADD', target, '*', unpack(fields, 1, math.min(#fields, 1000)))
    redis.call('XDEL', source, id)
  end
  return #entries
end
local messages, dead = move(from, to), move(from .. ':dead', to .. ':dead')
if messages < most and dead < most then
  redis.call('DEL', from, from .. ':dead')
  redis.call('SREM', prefix .. 'nodes', ARGV[3])
end
return {messages, dead})lua";

}  // namespace weft::storage::scripts
