-- The exchange: quotes for everybody on <symbol>@depth, and each customer's own orders on <uid>@order. Who a
-- customer is, is known from the session that the web site keeps in Redis. Callbacks of generation b.

local SYMBOLS = {}
for _, symbol in ipairs(mix.str_split(mix.server.option("symbols") or "", ",")) do SYMBOLS[symbol] = true end

local function answer(conn, message)
  conn:send((mix.json_encode(message)))
end

-- {"op":"auth","token":"..."}
local function log_in(conn, message)
  if type(message.token) ~= "string" or not message.token:find("^[%w_-]+$") then return "Invalid token" end
  local redis, err = mix.redis.connection("sessions")
  if err then return "Try again later" end
  local uid
  uid, err = redis:command("get", "session:" .. message.token)
  if err then
    mix.log(mix.ERROR, "sessions: " .. err)
    return "Try again later"
  end
  if not uid then return "Invalid token" end

  -- The orders of the customer before are none of the new one's business.
  local before = conn:context_value("uid")
  if before and before ~= uid then conn:unsubscribe(before .. "@order") end
  return conn:set_context_value("uid", uid)
end

-- Why this connection may not listen to a channel; nil when it may.
local function refusal(conn, channel)
  if type(channel) ~= "string" then return "Invalid channel" end
  local name, kind = channel:match("^(%w+)@(%w+)$")
  if kind == "depth" then return not SYMBOLS[name] and "Unknown symbol" or nil end
  if kind ~= "order" then return "Invalid channel" end
  if name ~= conn:context_value("uid") then return "No access" end
end

local operations = { auth = log_in }

-- {"op":"subscribe","channels":["btcusdt@depth","1001@order"]}: all of them or none.
function operations.subscribe(conn, message)
  if type(message.channels) ~= "table" or #message.channels == 0 or #message.channels > 50 then return "Invalid channels" end
  for _, channel in ipairs(message.channels) do
    local refused = refusal(conn, channel)
    if refused then return refused .. ": " .. tostring(channel) end
  end
  return conn:subscribe(unpack(message.channels))
end

-- {"op":"unsubscribe","channels":["btcusdt@depth"]}
function operations.unsubscribe(conn, message)
  if type(message.channels) ~= "table" or #message.channels == 0 or #message.channels > 50 then return "Invalid channels" end
  for _, channel in ipairs(message.channels) do
    if type(channel) ~= "string" then return "Invalid channels" end
  end
  return conn:unsubscribe(unpack(message.channels))
end

function operations.ping() end

function on_message(msg)
  local conn = mix.websocket()
  local message = msg.type == "text" and mix.json_decode(msg.data)
  if type(message) ~= "table" then return answer(conn, { error = "Json format error" }) end
  local name = tostring(message.op)
  local operation = operations[message.op]
  if not operation then return answer(conn, { op = name, error = "Unknown operation" }) end
  local err = operation(conn, message)
  if err then answer(conn, { op = name, error = err })
  else answer(conn, { op = name, success = true }) end
end
