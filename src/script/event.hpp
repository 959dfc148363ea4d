// Event: one callback of one connection, as a coroutine that runs or waits for an answer of the
// host.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/timer_wheel.hpp"
#include "script/connection.hpp"
#include "script/host.hpp"
#include "script/loaded.hpp"
#include "script/machine.hpp"

namespace weft::script {

/// Answers of the host to a call that may wait. bindings/answers.cpp turns them into Lua values.
struct ContextAnswer {
  std::string key;
  Problem problem;
};
struct SendAnswer {
  Problem problem;
};
struct PublishAnswer {
  PublishCount count;
  Problem problem;
};
struct PushAnswer {
  std::size_t depth;
  Problem problem;
};
struct HttpAnswer {
  HttpResponse response;
  Problem problem;
};
struct RedisAnswer {
  RedisReply reply;
  Problem problem;
};
struct CountAnswer {
  PublishCount count;
  Problem problem;
};
struct DoneAnswer {
  Problem problem;
};
struct ToldAnswer {
  std::string json;
  Problem problem;
};
using Answer = std::variant<std::monostate, ContextAnswer, SendAnswer, PublishAnswer, HttpAnswer,
                            RedisAnswer, PushAnswer, CountAnswer, DoneAnswer, ToldAnswer>;

/// Names one wait; 0 = none. Completions carry it, so one that comes too late finds nothing.
using WaitToken = std::uint64_t;

struct Event {
  enum class Kind : std::uint8_t {
    load,
    connect,
    handshake,
    message,
    package,
    close,
    encode,
    call
  };

  /// The file itself, init and protocol_encode may not sleep.
  bool may_wait() const { return kind != Kind::load && kind != Kind::encode; }

  Kind kind = Kind::load;
  std::shared_ptr<Loaded> loaded;
  ConnectionId connection = ConnectionId::none;

  // What it is about; views end when the callback has begun.
  std::string_view data;
  DataType type = DataType::text;
  const Handshake* handshake = nullptr;
  const CloseInfo* close = nullptr;
  std::unique_ptr<Call> call;  ///< of a call, until it has ended

  lua_State* coroutine = nullptr;
  int reference = -2;  ///< of the coroutine in the registry
  Budget budget;
  std::chrono::nanoseconds elapsed{};

  WaitToken token = 0;
  bool is_suspended = false;
  Answer answer;
  std::vector<std::string>
      keys_set;         ///< of the context by workers or set_context since this event began
  std::string awaited;  ///< key of wait_context_value
  std::unique_ptr<net::CallbackTimer> timer;

  /// As newly made. What most events never touch is only looked at.
  void reset() {
    loaded.reset();
    data = {};
    handshake = nullptr;
    close = nullptr;
    call.reset();
    coroutine = nullptr;
    reference = -2;
    budget = {};
    elapsed = {};
    token = 0;
    is_suspended = false;
    if (!std::holds_alternative<std::monostate>(answer)) answer = std::monostate();
    keys_set.clear();
    awaited.clear();
    timer.reset();
  }
};

}  // namespace weft::script
