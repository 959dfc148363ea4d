-- The message centre: a client shows its token, a web service says whose it is, and from then on the client gets
-- whatever is published to user:<uid>. Nothing else is answered. Callbacks of generation b.

local TOKEN_URL = mix.server.option("token_url")

local function answer(conn, message)
  conn:send((mix.json_encode(message)))
end

-- The user id that belongs to a token; nil and a text for the client when there is none.
local function user_of(token)
  local response, err = mix.http.request("GET", TOKEN_URL, { query = { token = token }, timeout = 3 })
  if err then
    mix.log(mix.ERROR, "token service: " .. err)
    return nil, "Try again later"
  end
  if response.status_code ~= 200 then return nil, "Invalid token" end
  local user = mix.json_decode(response.body)
  if type(user) ~= "table" or not user.uid then
    mix.log(mix.ERROR, "token service: no uid in its answer")
    return nil, "Try again later"
  end
  return tostring(user.uid)
end

local function log_in(conn, message)
  if type(message.token) ~= "string" then return answer(conn, { op = "auth", error = "Invalid arguments" }) end
  local uid, refused = user_of(message.token)
  if refused then return answer(conn, { op = "auth", error = refused }) end

  -- Who logs in as somebody else must not go on listening to the first one.
  local before = conn:context_value("uid")
  if before and before ~= uid then conn:unsubscribe("user:" .. before) end

  local err = conn:subscribe("user:" .. uid)
  if err then return answer(conn, { op = "auth", error = err }) end
  conn:set_context_value("uid", uid)
  answer(conn, { op = "auth", success = true })
end

function on_message(msg)
  local conn = mix.websocket()
  local message = msg.type == "text" and mix.json_decode(msg.data)
  if type(message) ~= "table" then return answer(conn, { error = "Json format error" }) end
  if message.op == "auth" then return log_in(conn, message) end
  answer(conn, { op = tostring(message.op), error = "Unknown operation" })
end
