#include "script/vm.hpp"

#include "script/bindings/bindings.hpp"
#include "script/bindings/json.hpp"
#include "script/sandbox.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

class ScriptCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "script"; }
  std::string message(int code) const override {
    switch (static_cast<ScriptErrc>(code)) {
      case ScriptErrc::no_such_connection:
        return "no such connection";
      case ScriptErrc::not_encoded:
        return "protocol_encode gave no bytes";
    }
    return "unknown";
  }
};

int reference_of(lua_State* L, const char* name) {
  push_ours(L, name);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/// The body of the event `encode`: protocol_encode(data, conn).
int run_encode(lua_State* L) {
  const Event& event = *engine_of(L).events.current();
  event.loaded->push(L, Callback::encode);
  push(L, event.data);
  push_connection(L, static_cast<long long>(event.connection));
  lua_call(L, 2, 1);
  return 1;
}

}  // namespace

error_code make_error_code(ScriptErrc error) {
  static const ScriptCategory category;
  return {static_cast<int>(error), category};
}

Engine::Engine(net::Loop& on_loop, ScriptHost& its_host, VmLimits its_limits,
               metrics::Registry& registry)
    : loop(on_loop),
      host(its_host),
      limits(std::move(its_limits)),
      errors(registry.counter("weft_script_errors_total",
                              "Events of scripts that ended with an error")),
      aborted(registry.counter("weft_script_aborted_total",
                               "Events of scripts that the watchdog stopped")),
      event_seconds(
          registry.histogram("weft_script_event_seconds", "Running time of one event of a script")),
      memory(registry.gauge("weft_script_memory_bytes", "Memory of Lua")),
      machine(*this, limits.memory),
      scripts(*this),
      events(*this) {
  const std::string problem = machine.protect([this](lua_State* L) {
    open_sandbox(L, limits);
    entries.event = reference_of(L, kEventEntry);
    entries.message = reference_of(L, kMessageEntry);
    entries.package = reference_of(L, kPackageEntry);
    entries.call = reference_of(L, kCallEntry);
  });
  if (!problem.empty()) throw ScriptError("cannot start Lua: " + problem);
}

Vm::Vm(net::Loop& loop, ScriptHost& host, VmLimits limits, metrics::Registry& metrics)
    : engine_(std::make_unique<Engine>(loop, host, std::move(limits), metrics)) {}
Vm::~Vm() = default;

ScriptId Vm::load(ScriptConfig config) { return engine_->scripts.load(std::move(config)); }
bool Vm::reload_changed() { return engine_->scripts.reload_changed(); }

void Vm::on_open(ScriptId script, ConnectionId id, Handshake handshake) {
  Connection& connection = engine_->events.add(id, script);
  const bool is_websocket = engine_->scripts.at(script)->config().protocol == Protocol::websocket;
  // Both stand in line before the first begins, so nothing can come between them.
  engine_->events.hand_over(connection, {Pending::Kind::connect, {}, {}, nullptr, nullptr});
  if (!is_websocket) return;
  if (Connection* still = engine_->events.find(id)) {
    engine_->events.hand_over(*still, {Pending::Kind::handshake,
                                       {},
                                       {},
                                       std::make_unique<Handshake>(std::move(handshake)),
                                       nullptr});
  }
}

void Vm::on_message(ConnectionId id, DataType type, std::string_view data) {
  if (Connection* connection = engine_->events.find(id))
    engine_->events.message(*connection, type, data);
}

void Vm::on_bytes(ConnectionId id, std::string_view bytes) {
  if (Connection* connection = engine_->events.find(id)) engine_->events.bytes(*connection, bytes);
}

void Vm::on_close(ConnectionId id, const CloseInfo& info) {
  Connection* connection = engine_->events.closed(id);
  if (!connection) return;
  engine_->events.hand_over(
      *connection, {Pending::Kind::close, {}, {}, nullptr, std::make_unique<CloseInfo>(info)});
}

void Vm::call(ScriptId script, ConnectionId id, std::string function, std::string message,
              CallDone done) {
  auto call = std::make_unique<Call>(Call{script, std::move(function), std::move(done)});
  engine_->events.hand_over(
      engine_->events.add_guest(id),
      {Pending::Kind::call, {}, std::move(message), nullptr, nullptr, std::move(call)});
}

void Vm::leave(ConnectionId id) {
  if (Connection* connection = engine_->events.closed(id))
    engine_->events.hand_over(*connection, {Pending::Kind::leave, {}, {}, nullptr, nullptr});
}

bool Vm::has_function(ScriptId script, std::string_view function) {
  bool has = false;
  const Problem problem = engine_->machine.protect([&](lua_State* L) {
    engine_->scripts.at(script)->push_environment(L);
    push(L, function);
    lua_rawget(L, -2);
    has = lua_isfunction(L, -1);
  });
  return problem.empty() && has;
}

Problem Vm::set_context(ConnectionId id, std::string_view json_object) {
  Connection* connection = engine_->events.find(id);
  if (!connection || connection->is_closed) return "connection closed";
  return merge_context(*engine_, *connection, json_object);
}

std::string Vm::context_json(ConnectionId id) {
  Connection* connection = engine_->events.find(id);
  if (!connection) return "{}";
  std::string json;
  const Problem problem = engine_->machine.protect([&](lua_State* L) {
    engine_->events.push_context(L, *connection);
    if (const char* refused = encode_json(L, -1, json)) luaL_error(L, "%s", refused);
  });
  return problem.empty() ? json : "{}";
}

Result<std::string> Vm::encode(ConnectionId id, std::string_view data, DataType type) {
  Connection* connection = engine_->events.find(id);
  if (!connection || connection->is_closed) return make_error_code(ScriptErrc::no_such_connection);
  Event event;
  event.kind = Event::Kind::encode;
  event.loaded = engine_->scripts.at(connection->script);
  event.connection = id;
  event.data = data;
  event.type = type;
  event.budget.limit = engine_->limits.watchdog;
  if (event.loaded->config().protocol == Protocol::websocket ||
      !event.loaded->has(Callback::encode)) {
    return std::string(data);
  }
  std::string encoded;
  const Problem problem = engine_->events.run_now(
      event, run_encode,
      [](lua_State* L, void* out) {
        if (lua_type(L, -1) == LUA_TSTRING) *static_cast<std::string*>(out) = text_at(L, -1);
      },
      &encoded);
  if (!problem.empty()) {
    engine_->errors.add();
    engine_->reporter.error(*event.loaded, problem, "the message is not sent");
  }
  if (encoded.empty()) return make_error_code(ScriptErrc::not_encoded);
  return encoded;
}

bool Vm::is_busy(ConnectionId id) const {
  const Connection* connection = engine_->events.find(id);
  return connection && (connection->event || connection->backlog);
}

bool Vm::has(ConnectionId id) const { return engine_->events.find(id) != nullptr; }
std::size_t Vm::memory_used() const { return engine_->machine.used(); }

}  // namespace weft::script
