// Everything that exists once per loop, built together and torn down together.
#pragma once
#include <memory>
#include <vector>

#include "app/config.hpp"
#include "driver/redis/client.hpp"
#include "framework/loop_context.hpp"
#include "framework/node_audience.hpp"
#include "framework/routed_events.hpp"
#include "net/listener.hpp"
#include "node/arrivals.hpp"
#include "node/local_node.hpp"
#include "node/script_host.hpp"
#include "script/vm.hpp"
#include "transport/door.hpp"
#include "transport/raw_connection.hpp"

namespace weft {

class LoopRooms {
 public:
  LoopRooms(net::Loop& loop, const Config& config, LocalNode& node,
            const framework::Application& application,
            const std::vector<redis::RedisOptions>& redis, transport::RequestHandler& otherwise);
  ~LoopRooms();

  net::Loop& loop() { return loop_; }
  Place& place() { return place_; }
  framework::LoopContext& framework() { return framework_; }

  /// Loads the scripts and builds the paths. Throws script::ScriptError.
  void load(const Config& config);

  /// Rows of this loop's connections; before it runs.
  void keep_rows(std::shared_ptr<framework::RowKeeper> rows) {
    framework_.set_rows(std::move(rows));
  }

  void listen_http(net::BoundAddress& address, net::ListenerOptions options,
                   const transport::DoorOptions& door, transport::RequestHandler& handler,
                   bool for_clients);
  void listen_clients(net::BoundAddress& address, net::ListenerOptions options,
                      const transport::DoorOptions& door);
  void listen_raw(net::BoundAddress& address, net::ListenerOptions options,
                  const SocketConfig& config);

  // On the loop:
  void tell_house(ConnectionId about, const std::string& json) { routed_.tell_house(about, json); }
  /// Before it serves: tells subscribers of WorkerStarted.
  void say_started();
  bool reload_scripts();
  void reload_scripts_every(Millis period);
  void close_client_listeners();
  /// `done` runs when everything that still waits here has ended, or was given up.
  void stop(std::function<void()> done);

 private:
  std::unique_ptr<session::Dialect> dialect_for(const Config& config, const PathConfig& path);
  std::unique_ptr<session::Dialect> events_dialect(const Config& config, const PathConfig& path);
  std::unique_ptr<session::Dialect> commands_dialect(const PathConfig& path);
  std::unique_ptr<session::Dialect> lua_dialect(const script::ScriptConfig& script,
                                                std::vector<std::string> subscribe);

  net::Loop& loop_;
  LocalNode& node_;
  Place& place_;
  transport::Codecs codecs_;
  NodeScriptHost host_;
  std::unique_ptr<script::Vm> vm_;
  framework::RoutedEvents routed_;
  framework::LoopContext framework_;
  framework::NodeAudience audience_;
  Arrivals arrivals_;
  std::vector<std::unique_ptr<PathRule>> raw_rules_;
  std::vector<std::unique_ptr<transport::Door>> doors_;
  std::vector<std::unique_ptr<net::Listener>> client_listeners_, api_listeners_;
  std::unique_ptr<net::CallbackTimer> reload_timer_;
};

}  // namespace weft
