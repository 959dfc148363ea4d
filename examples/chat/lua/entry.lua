-- The chat at the edge: one job per message for the workers, and nothing else. The queues are in weft.yaml.
-- Runs on a websocket path, where framing is native, and on a raw socket, where the protocol_* functions do it.
local websocket = require("protocols/websocket")

local PATH = "/chat"             -- on a raw socket; a websocket path has its own
local CHAT, CONN = "chat", "conn"
local AUTH, UID = "auth", "uid"  -- the operation that logs in, and the context key that its worker sets

-- Hands a job to the workers. A client whose job cannot be kept is better off reconnecting than waiting for an answer.
local function push(topic, job, conn)
  local _, err = mix.queue.push(topic, job)
  if err then
    mix.log(mix.ERROR, "queue " .. topic .. ": " .. err)
    conn:close()
  end
  return err == nil
end

function on_handshake(headers, conn)
  conn:set_context_value("headers", headers)
  push(CONN, { event = "handshake", headers = headers }, conn)
end

function on_close(err, conn)
  push(CONN, { event = "close", uid = conn:context()[UID] }, conn)
end

function on_message(frame, conn)
  if frame.type ~= "text" then return end

  -- What is no JSON goes on too: the worker tells the client so.
  local message = mix.json_decode(frame.data)
  local logs_in = type(message) == "table" and message.op == AUTH

  local context = conn:context()
  local job = { frame = frame, uid = context[UID] }
  if logs_in then job.headers = context.headers end

  -- Until the worker has decided who this is, the connection's next messages wait.
  if push(CHAT, job, conn) and logs_in then conn:wait_context_value(UID) end
end

function protocol_input(buf, conn)
  return websocket.input(buf, conn, PATH, on_handshake)
end

function protocol_decode(str, conn)
  return websocket.decode(conn)
end

function protocol_encode(str, conn)
  return websocket.encode(str)
end
