// Embedded: what stands behind a weft::Server: what its program registered, where its configuration
// comes from, and the assembly while it runs.
#pragma once
#include <memory>
#include <thread>

#include "app/assembly.hpp"
#include "app/wiring.hpp"
#include "framework/application.hpp"
#include "weft/server.hpp"

namespace weft {

class Embedded {
 public:
  Embedded(Server& server, ServerOptions options);
  Embedded(Server& server, Given given);
  ~Embedded();

  framework::Application& application() { return application_; }
  /// Tells subscribers of the lifecycle; what they throw is logged.
  template <class Event>
  void raise(const Event& event) const {
    application_.bus.raise(event, log_subscriber_error);
  }
  Cluster& cluster() { return cluster_; }

  int run();
  void start();
  void stop();
  int join();
  Ports ports() const { return ports_; }

  /// Since start(). Throws std::logic_error before.
  Assembly& assembly();
  /// The same; nullptr before.
  Assembly* running() { return assembly_.get(); }

 private:
  static void log_subscriber_error(std::exception_ptr error);
  Given read_configuration();
  void add_paths(Config& config) const;

  Server& server_;
  Cluster cluster_{*this};
  framework::Application application_;
  ServerOptions options_;
  std::optional<Given> given_;  // nullopt: `options_` say it
  std::unique_ptr<Assembly> assembly_;
  Ports ports_;
  std::thread thread_;
  std::optional<int> process_code_;  // this is not the server, but one of its processes
  int exit_code_ = 0;
  bool ended_ = false;
};

}  // namespace weft
