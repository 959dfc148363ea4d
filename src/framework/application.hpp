// Application: everything that a program registered with its Server. Filled before the loops run,
// only read while they do; shared by all of them.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "framework/listener_table.hpp"
#include "framework/message_middleware.hpp"
#include "framework/module.hpp"
#include "framework/processes.hpp"
#include "weft/lifecycle.hpp"
#include "weft/message_queue.hpp"
#include "weft/middleware.hpp"
#include "weft/storage.hpp"

namespace weft::framework {

/// What was registered for one path, or for all of them.
struct PathParts {
  ListenerTable listeners;
  std::vector<HandshakeMiddleware> handshake;
  std::vector<OpenMiddleware> open;
  std::optional<Codec> codec;
};

class Application {
 public:
  explicit Application(Server& its_server) : server(its_server) {}
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// The parts of `path`, made when they are not there; "" = those of every path.
  PathParts& parts(const std::string& path);
  const PathParts& everywhere() const { return everywhere_; }
  /// nullptr: nothing was registered for this path alone.
  const PathParts* find(const std::string& path) const;
  const std::map<std::string, PathParts>& paths() const { return paths_; }

  /// Paths for which there is middleware or a codec: somebody has to answer there.
  std::set<std::string> guarded_paths() const;

  /// Whether anybody listens to events at all.
  bool has_listeners() const;

  /// The module of `path`, made when it is not there.
  ModuleBook& module(const std::string& path);
  /// In the order they were registered.
  const std::vector<std::unique_ptr<ModuleBook>>& modules() const { return modules_; }
  /// Before the loops run. Throws std::invalid_argument.
  void seal_modules();
  /// After seal_modules(); nullptr: there is no module for `path`.
  std::shared_ptr<const SealedModule> sealed_module(const std::string& path) const;

  Server& server;
  EventBus bus;
  MessageMiddlewareTable message_middleware;
  Processes processes;
  std::shared_ptr<ConnectionStorage> connection_storage;
  std::shared_ptr<MessageStorage> message_storage;

 private:
  PathParts everywhere_;
  std::map<std::string, PathParts> paths_;
  std::vector<std::unique_ptr<ModuleBook>> modules_;
  std::map<std::string, std::shared_ptr<const SealedModule>> sealed_;
};

}  // namespace weft::framework
