#include "app/loop_rooms.hpp"

#include "app/convert.hpp"
#include "framework/commands_dialect.hpp"
#include "framework/events_dialect.hpp"
#include "framework/handshake.hpp"
#include "framework/overheard_dialect.hpp"
#include "node/lua_dialect.hpp"
#include "node/plain_dialect.hpp"

namespace weft {
namespace {

constexpr Millis kCoroutinesMayTake{2'000};  // to end when the node stops

metrics::Counter& untold(metrics::Registry& metrics) {
  return metrics.counter("weft_messages_untold_total",
                         "messages that somebody whom cluster.messages names was not told");
}

}  // namespace

LoopRooms::LoopRooms(net::Loop& loop, const Config& config, LocalNode& node,
                     const framework::Application& application,
                     const std::vector<redis::RedisOptions>& redis,
                     transport::RequestHandler& otherwise)
    : loop_(loop),
      node_(node),
      place_(node.place(loop)),
      codecs_(node.metrics()),
      host_(node, place_, redis, net::CidrList(config.lua.http_allow), queue::TopicLimits{}),
      vm_(std::make_unique<script::Vm>(loop, host_, vm_limits(config), node.metrics())),
      routed_(loop, node.queue(), *vm_),
      framework_(application, place_, node.metrics()),
      audience_(node, loop),
      arrivals_(place_, otherwise, node.metrics()) {}

LoopRooms::~LoopRooms() {
  loop_.drop_streams();  // their sessions know the dialects and the VM
}

void LoopRooms::load(const Config& config) {
  if (loop_.index() == 0) routed_.add_house(cluster_event_routes(config));
  if (!config.cluster.messages.empty())
    routed_.add_overhearing(message_routes(config), untold(node_.metrics()));
  for (const PathConfig& path : config.paths) {
    auto dialect = dialect_for(config, path);
    if (!dialect) continue;  // files
    dialect->set_path(path.path);
    if (!config.cluster.messages.empty())
      dialect = std::make_unique<framework::OverheardDialect>(std::move(dialect), node_.id(),
                                                              place_, routed_);
    auto rule = std::make_unique<PathRule>();
    rule->path = path.path;
    const auto module = framework_.application().sealed_module(path.path);
    if (module) rule->variables = module->params();
    rule->ends_with_any_slash = path.dialect == Dialect::commands;
    rule->websocket =
        std::make_shared<const transport::WebSocketOptions>(websocket_options(path.limits));
    rule->origins = {path.allowed_origins, config.client.require_origin};
    rule->max_channels = path.limits.max_channels;
    rule->context_key = path.authenticate.context_key;
    rule->within = path.authenticate.within;
    if (path.dialect == Dialect::events || path.dialect == Dialect::commands)
      rule->judge = framework::HandshakeGate::make(framework_, path.path,
                                                   module ? module->handshake() : nullptr);
    rule->dialect = std::move(dialect);
    arrivals_.add(std::move(rule));
  }
}

std::unique_ptr<session::Dialect> LoopRooms::dialect_for(const Config& config,
                                                         const PathConfig& path) {
  if (!path.files.empty()) return nullptr;
  if (path.dialect == Dialect::lua) {
    script::ScriptConfig script{path.script, path.path, script::Protocol::websocket,
                                script_api(path.lua_api), path.options};
    script.options.emplace("path", path.path);
    return lua_dialect(script, path.subscribe);
  }
  if (path.dialect == Dialect::events) return events_dialect(config, path);
  if (path.dialect == Dialect::commands) return commands_dialect(path);
  return std::make_unique<PlainDialect>(
      place_, node_.queue(),
      PlainRules{path.answer == BuiltInAnswer::echo, path.queue, path.subscribe});
}

std::unique_ptr<session::Dialect> LoopRooms::events_dialect(const Config& config,
                                                            const PathConfig& path) {
  const framework::Application& application = framework_.application();
  const framework::PathParts* own = application.find(path.path);
  const framework::PathParts& all = application.everywhere();
  const auto tell = framework::EventsDialect::teller(path.error_events);
  const framework::ListenerTable& routed = routed_.add(event_routes(config, path), tell);
  framework::SealedListeners listeners({&all.listeners, own ? &own->listeners : nullptr, &routed});
  Codec codec = own && own->codec ? *own->codec : all.codec ? *all.codec : shipped_codec(path);
  framework::FrameworkDialect::Rules rules{path.path, std::move(codec), path.subscribe,
                                           [this](ConnectionId id) { routed_.gone(id); }};
  return std::make_unique<framework::EventsDialect>(
      framework_, std::move(rules), std::move(listeners),
      application.message_middleware.chain(path.path), tell);
}

std::unique_ptr<session::Dialect> LoopRooms::commands_dialect(const PathConfig& path) {
  auto module = framework_.application().sealed_module(path.path);
  Codec codec = framework::codec_of(*module);
  framework::FrameworkDialect::Rules rules{path.path, std::move(codec), path.subscribe};
  rules.open = module->open();
  return std::make_unique<framework::CommandsDialect>(
      framework_, std::move(rules), std::move(module), audience_, path.error_events);
}

std::unique_ptr<session::Dialect> LoopRooms::lua_dialect(const script::ScriptConfig& script,
                                                         std::vector<std::string> subscribe) {
  return std::make_unique<LuaDialect>(place_, *vm_, vm_->load(script), script.protocol,
                                      std::move(subscribe));
}

void LoopRooms::listen_http(net::BoundAddress& address, net::ListenerOptions options,
                            const transport::DoorOptions& door, transport::RequestHandler& handler,
                            bool for_clients) {
  auto& made =
      doors_.emplace_back(std::make_unique<transport::Door>(loop_, door, codecs_, handler));
  auto& listeners = for_clients ? client_listeners_ : api_listeners_;
  listeners.push_back(std::make_unique<net::Listener>(
      loop_, address, std::move(options), node_.metrics(),
      [&door = *made](net::Stream& stream) { return door.open(stream); }));
}

void LoopRooms::listen_clients(net::BoundAddress& address, net::ListenerOptions options,
                               const transport::DoorOptions& door) {
  listen_http(address, std::move(options), door, arrivals_, true);
}

void LoopRooms::listen_raw(net::BoundAddress& address, net::ListenerOptions options,
                           const SocketConfig& config) {
  auto rule = std::make_unique<PathRule>();
  rule->path = config.listen;
  rule->websocket =
      std::make_shared<const transport::WebSocketOptions>(websocket_options(config.limits));
  rule->max_channels = config.limits.max_channels;
  rule->context_key = config.authenticate.context_key;
  rule->within = config.authenticate.within;
  rule->dialect = lua_dialect({config.script, config.listen, script::Protocol::socket,
                               script_api(config.lua_api), config.options},
                              {});
  rule->dialect->set_path(rule->path);
  const PathRule& known = *raw_rules_.emplace_back(std::move(rule));
  client_listeners_.push_back(std::make_unique<net::Listener>(
      loop_, address, std::move(options), node_.metrics(), [this, &known](net::Stream& stream) {
        auto made = std::make_unique<transport::RawConnection>(stream, codecs_, known.websocket);
        made->start([this, &known](transport::Connection& connection) {
          return open_session(place_, known, connection, {});
        });
        return made;
      }));
}

void LoopRooms::say_started() {
  framework_.raise(WorkerStarted{framework_.server(), loop_.index()});
}

bool LoopRooms::reload_scripts() { return vm_->reload_changed(); }

void LoopRooms::reload_scripts_every(Millis period) {
  reload_timer_ = std::make_unique<net::CallbackTimer>([this, period] {
    vm_->reload_changed();
    loop_.timers().set(*reload_timer_, period);
  });
  loop_.timers().set(*reload_timer_, period);
}

void LoopRooms::close_client_listeners() {
  arrivals_.refuse_new();
  for (auto& listener : client_listeners_) listener->close();
}

void LoopRooms::stop(std::function<void()> done) {
  reload_timer_.reset();
  client_listeners_.clear();
  api_listeners_.clear();
  host_.stop();
  framework_.coroutines().cancel_all();
  framework_.coroutines().when_none(std::move(done), kCoroutinesMayTake);
}

}  // namespace weft
