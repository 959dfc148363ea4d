-- WebSocket on a socket listener, for scripts that do their own framing. Both generations of callbacks:
--
--   a:  input(buf, conn, path, on_handshake)  decode(conn)  encode(str)  send_text(conn, s)  send_binary(conn, s)
--   b:  input(buf, on_handshake)              decode(str)   encode(str)  send_text(s)        send_binary(s)
--
-- Frames come one by one, as {type, data, finish}; pings and close frames are answered here and handed on too.
local frames = require("weft.websocket")

local websocket = {}
local greet = {}  -- client id -> how to call on_handshake, until it was called

local function current(conn)
  if type(conn) == "userdata" then return conn end
  return mix.websocket()
end

function websocket.input(buf, conn, path, on_handshake)
  local is_b = type(conn) ~= "userdata" or type(path) == "function"
  if is_b then
    on_handshake = type(conn) == "function" and conn or path
    conn, path = mix.websocket(), mix.server.option("path")
  end
  local size = frames.measure(path)
  if size > 0 and on_handshake then greet[conn:client_id()] = is_b and "b" or "a" end
  if size > 0 then websocket.on_handshake = on_handshake end
  return size
end

function websocket.decode(conn)
  conn = current(conn)
  local headers, server = frames.greeting()
  if headers then
    local id = conn:client_id()
    local how = greet[id]
    greet[id] = nil
    if how == "b" then websocket.on_handshake(id, headers, server)
    elseif how == "a" then websocket.on_handshake(headers, conn) end
    return nil
  end
  return frames.decode()
end

function websocket.encode(str) return frames.frame(str, "text") end

local function sender(kind)
  return function(conn, data)
    if type(conn) ~= "userdata" then conn, data = mix.websocket(), conn end
    return conn:send(frames.frame(data, kind))
  end
end
websocket.send_text = sender("text")
websocket.send_binary = sender("binary")

return websocket
