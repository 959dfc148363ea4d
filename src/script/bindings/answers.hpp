// Answers of the host as Lua values, and the completions that bring them.
#pragma once
#include "script/engine.hpp"

namespace weft::script {

/// Pushes what the waiting function gives to the script; the count of values.
int push_answer(lua_State* L, const Answer& answer);
int push_http_answer(lua_State* L, const HttpAnswer& answer);
int push_redis_answer(lua_State* L, const RedisAnswer& answer);

/// Ends one wait. When the event or the Vm has gone in the meantime, nothing happens.
class Completion {
 public:
  Completion(Events& events, WaitToken token)
      : events_(&events), alive_(events.alive()), token_(token) {}
  void operator()(Answer answer) const {
    if (!alive_.expired()) events_->answer(token_, std::move(answer));
  }

 private:
  Events* events_;
  std::weak_ptr<void> alive_;
  WaitToken token_;
};

}  // namespace weft::script
