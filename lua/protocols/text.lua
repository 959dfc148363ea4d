-- One line is one package. Lines end in \n or \r\n and hold at most 65535 bytes.
local LIMIT = 65535

local text = {}

function text.input(buf)
  local at = buf:find("\n")
  if not at then return buf:length() > LIMIT and -1 or 0 end
  if at > LIMIT then return -1 end
  return at + 1
end

function text.decode(str)
  return (str:gsub("\r?\n$", ""))
end

function text.encode(str)
  return str .. "\n"
end

return text
