-- One JSON object per line, with `method` and `params`. Anything else ends the connection.
local text = require("protocols/text")

local jsonrpc = { input = text.input }

local function refuse(why)
  local conn = mix.socket.tcp()
  if conn then conn:close(1002, why) end
  return nil
end

function jsonrpc.decode(str)
  local request, err = mix.json_decode(text.decode(str))
  if err then return refuse("not JSON") end
  if type(request) ~= "table" or type(request.method) ~= "string" or request.params == nil then
    return refuse("method and params expected")
  end
  return request
end

-- Takes a finished line, or a table to make one of.
function jsonrpc.encode(value)
  if type(value) ~= "string" then
    local line, err = mix.json_encode(value)
    if err then return nil, err end
    value = line
  end
  return text.encode(value)
end

return jsonrpc
