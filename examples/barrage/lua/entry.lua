-- The barrage: remarks that fly over a video, seen by everybody who watches it. The channel is video:<id>; the
-- script publishes by itself, no worker is needed. Callbacks of generation b.

local MAX_LENGTH = tonumber(mix.server.option("max_length")) or 100        -- bytes of one remark
local PAUSE = tonumber(mix.server.option("seconds_between")) or 1          -- between two remarks of one viewer

local function answer(conn, message)
  conn:send((mix.json_encode(message)))
end

local function channel_of(video)
  if type(video) == "number" then video = tostring(video) end
  if type(video) == "string" and video:find("^[%w_-]+$") and #video <= 64 then return "video:" .. video end
end

local operations = {}

-- {"op":"watch","video":"7"}: of another video than before; one at a time.
function operations.watch(conn, message)
  local channel = channel_of(message.video)
  if not channel then return "Invalid video" end
  local before = conn:context_value("channel")
  if before and before ~= channel then conn:unsubscribe(before) end
  local err = conn:subscribe(channel)
  if err then return err end
  conn:set_context_value("channel", channel)
end

-- {"op":"leave"}
function operations.leave(conn)
  local channel = conn:context_value("channel")
  if not channel then return "You watch nothing" end
  conn:set_context_value("channel", nil)
  return conn:unsubscribe(channel)
end

-- {"op":"say","text":"...","at":12.5,"color":"#fff"}: `at` in seconds of the video.
function operations.say(conn, message)
  local context = conn:context()
  if not context.channel then return "You watch nothing" end
  if type(message.text) ~= "string" or message.text == "" or #message.text > MAX_LENGTH then return "Invalid text" end
  local now = os.time()
  if context.said_at and now - context.said_at < PAUSE then return "Too fast" end
  context.said_at = now

  local remark = { event = "barrage", text = message.text, at = tonumber(message.at), color = message.color }
  local data, err = mix.json_encode(remark)
  if err then return err end
  local _, _, failed = mix.mesh.publish(context.channel, data)
  return failed
end

function on_message(msg)
  local conn = mix.websocket()
  local message = msg.type == "text" and mix.json_decode(msg.data)
  if type(message) ~= "table" then return answer(conn, { error = "Json format error" }) end
  local operation = operations[message.op]
  local name = tostring(message.op)
  if not operation then return answer(conn, { op = name, error = "Unknown operation" }) end
  local err = operation(conn, message)
  if err then answer(conn, { op = name, error = err })
  else answer(conn, { op = name, success = true }) end
end
