#include "app/loop_rooms.hpp"

#include "app/convert.hpp"
#include "node/lua_dialect.hpp"
#include "node/plain_dialect.hpp"

namespace weft {

LoopRooms::LoopRooms(net::Loop& loop, const Config& config, LocalNode& node,
                     const std::vector<redis::RedisOptions>& redis,
                     transport::RequestHandler& otherwise)
    : loop_(loop),
      node_(node),
      place_(node.place(loop)),
      codecs_(node.metrics()),
      host_(node, place_, redis, net::CidrList(config.lua.http_allow), queue::TopicLimits{}),
      vm_(std::make_unique<script::Vm>(loop, host_, vm_limits(config), node.metrics())),
      arrivals_(place_, otherwise, node.metrics()) {}

LoopRooms::~LoopRooms() {
  loop_.drop_streams();  // their sessions know the dialects and the VM
}

void LoopRooms::load(const Config& config) {
  for (const PathConfig& path : config.paths) {
    auto dialect = dialect_for(path);
    if (!dialect) continue;  // files
    auto rule = std::make_unique<PathRule>();
    rule->path = path.path;
    rule->websocket =
        std::make_shared<const transport::WebSocketOptions>(websocket_options(path.limits));
    rule->origins = {path.allowed_origins, config.client.require_origin};
    rule->max_channels = path.limits.max_channels;
    rule->context_key = path.authenticate.context_key;
    rule->within = path.authenticate.within;
    rule->dialect = std::move(dialect);
    arrivals_.add(std::move(rule));
  }
}

std::unique_ptr<session::Dialect> LoopRooms::dialect_for(const PathConfig& path) {
  if (!path.files.empty()) return nullptr;
  if (path.dialect == Dialect::lua) {
    script::ScriptConfig script{path.script, path.path, script::Protocol::websocket,
                                script_api(path.lua_api), path.options};
    script.options.emplace("path", path.path);
    return lua_dialect(script, path.subscribe);
  }
  return std::make_unique<PlainDialect>(
      place_, node_.queue(), PlainRules{path.answer == Answer::echo, path.queue, path.subscribe});
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
  const PathRule& known = *raw_rules_.emplace_back(std::move(rule));
  client_listeners_.push_back(std::make_unique<net::Listener>(
      loop_, address, std::move(options), node_.metrics(), [this, &known](net::Stream& stream) {
        auto made = std::make_unique<transport::RawConnection>(stream, codecs_, known.websocket);
        made->start([this, &known](transport::Connection& connection) {
          return open_session(place_, known, connection, nullptr);
        });
        return made;
      }));
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

void LoopRooms::stop() {
  reload_timer_.reset();
  client_listeners_.clear();
  api_listeners_.clear();
  host_.stop();
}

}  // namespace weft
