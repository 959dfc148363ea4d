-- Makes print() readable for tables: nested, keys quoted, one member per line. `require("prettyprint")`.
local MAX_DEPTH = 16
local plain = print

local function quoted(value)
  if type(value) == "string" then return string.format("%q", value) end
  return tostring(value)
end

-- Numbers first, then the rest by name, so that the same table always prints the same.
local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == "number" and type(b) == "number" then return a < b end
    if type(a) ~= type(b) then return type(a) == "number" end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function describe(value, indent, depth, seen)
  if type(value) ~= "table" then return quoted(value) end
  if seen[value] then return "<the table above>" end
  if depth > MAX_DEPTH then return "<more>" end
  if next(value) == nil then return "{}" end
  seen[value] = true
  local inner, lines = indent .. "  ", {}
  for _, key in ipairs(sorted_keys(value)) do
    lines[#lines + 1] = inner .. "[" .. quoted(key) .. "] = " .. describe(value[key], inner, depth + 1, seen)
  end
  seen[value] = nil
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

function print(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    parts[i] = type(value) == "table" and describe(value, "", 1, {}) or tostring(value)
  end
  -- One log line per line of text: the log would escape line ends.
  for line in (table.concat(parts, "\t") .. "\n"):gmatch("(.-)\n") do plain(line) end
end

return { print = print, describe = function(value) return describe(value, "", 1, {}) end }
