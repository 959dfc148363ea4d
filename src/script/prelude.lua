-- Runs once per VM, before any script: the parts of the edge that are easier to say in Lua. Gets the native
-- half, gives back what script/sandbox.cpp and script/events.cpp need. Scripts never see this table.
local native = ...
local yield, resume, create = coroutine.yield, coroutine.resume, coroutine.create
local error, type, select = error, type, select
local WAIT = native.WAIT

local out = {}

-- A call that may have to wait: `start` asks the host and says whether the answer is still to come, `finish`
-- gives the answer. Between them the coroutine sleeps.
local function waiting(start, finish)
  return function(...)
    if start(...) then
      if not native.may_wait() then
        error("this has to wait, which the file itself, init and protocol_encode must not", 2)
      end
      yield(WAIT)
    end
    return finish()
  end
end

out.waiting = {}
for name, start in next, native.waiting do out.waiting[name] = waiting(start, native.answer) end

-- The same for a push to a queue: a topic in memory has answered by then.
local start_push, answer = native.queue_push, native.answer
function out.waiting.queue_push(...)
  local waits, n, err = start_push(...)
  if not waits then return n, err end
  yield(WAIT)
  return answer()
end

-- Coroutines that a script makes itself may wait too: the wait passes through them to the event's own coroutine.
local function pass(co, ok, first, ...)
  if ok and first == WAIT then
    yield(WAIT)
    return pass(co, resume(co))
  end
  return ok, first, ...
end

function out.resume(co, ...) return pass(co, resume(co, ...)) end

local function unwrap(ok, first, ...)
  if not ok then error(first, 0) end
  return first, ...
end

function out.wrap(f)
  local co = create(f)
  return function(...) return unwrap(pass(co, resume(co, ...))) end
end

-- An event: native.enter gives the callback and its arguments.
local function call(f, ...)
  if f then return f(...) end
end
function out.event() return call(native.enter()) end

-- The same for a message: `data` as scripts see it is one table that Lua copies as a whole.
local enter_message = native.message
function out.message()
  local f, data, is_text, conn = enter_message()
  if is_text then return f({ type = "text", data = data, finish = true }, conn) end
  return f({ type = "binary", data = data, finish = true }, conn)
end

-- One package of a socket listener: how long is it, cut it out, what does it mean, handle it.
local function package(input, decode, message, conn)
  local size = native.measure(input(native.buffer(), conn))
  if not size then return end
  local data = native.cut(size)
  if decode then data = decode(data, conn) end
  if data ~= nil and message then message(data, conn) end
end
function out.package() return package(native.enter()) end

-- Vm::call: a function of the script, by name, with one message. What it gives is the answer's event and data.
local reply = native.reply
local function called(f, message, conn) return reply(f(message, conn)) end
function out.call() return called(native.called()) end

-- How many parameters a function names.
function out.parameters(f) return native.getinfo(f, "u").nparams end

return out
