// Engine: the parts of a Vm, tied together. Private to this room.
#pragma once
#include <string>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "script/events.hpp"
#include "script/host.hpp"
#include "script/machine.hpp"
#include "script/reporter.hpp"
#include "script/scripts.hpp"
#include "script/vm.hpp"

namespace weft::script {

/// Registry references of what the coroutine of an event begins with.
struct Entries {
  int event = 0, message = 0, package = 0, call = 0;
  int of(Event::Kind kind) const {
    if (kind == Event::Kind::call) return call;
    if (kind == Event::Kind::message) return message;
    return kind == Event::Kind::package ? package : event;
  }
};

class Engine {
 public:
  Engine(net::Loop& on_loop, ScriptHost& its_host, VmLimits its_limits,
         metrics::Registry& registry);

  net::Loop& loop;
  ScriptHost& host;
  const VmLimits limits;
  metrics::Counter& errors;
  metrics::Counter& aborted;
  metrics::Histogram& event_seconds;
  metrics::Gauge& memory;
  std::string scratch;  ///< where bindings leave text until it is pushed
  Machine machine;
  Reporter reporter;
  Scripts scripts;
  Events events;
  Entries entries;
  const void* connection_type = nullptr;  ///< the metatable of `conn`, see bindings/conn.cpp
};

}  // namespace weft::script
