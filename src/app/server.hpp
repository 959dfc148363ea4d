// Server: one node, built from a configuration: loops, queues, doors, scripts, workers. Opens, runs
// until told to drain, and comes down in the order the data flows.
#pragma once
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "api/routes.hpp"
#include "app/banner.hpp"
#include "app/client_fallback.hpp"
#include "app/drain.hpp"
#include "app/loop_rooms.hpp"
#include "app/watcher.hpp"
#include "app/wiring.hpp"
#include "net/tls.hpp"
#include "queue/memory_queue.hpp"
#include "worker/supervisor.hpp"

namespace weft {

class Server {
 public:
  Server(const Config& config, RunMode mode, std::function<Loaded()> reload);
  ~Server();

  /// Binds every address, loads every script, creates the topics. Throws std::runtime_error that
  /// says what is wrong.
  OpenPorts open();
  /// Serves until a signal has drained it; gives the exit code.
  int run();

 private:
  struct Opened {
    net::BoundAddress address;
    net::ListenerOptions options;
  };
  Opened bind(const ListenConfig& listen, bool gated);
  void create_queues();
  void mount_files();
  void open_doors(OpenPorts& ports);
  void open_sockets(OpenPorts& ports);
  void watch_scripts();
  void wait_for_signal();
  void on_signal(int signal);
  void reload();
  void drain();
  void stop_workers();

  Config config_;
  RunMode mode_;
  std::function<Loaded()> reload_;
  metrics::Registry metrics_;
  net::LoopPool loops_;
  queue::MemoryQueue queue_;  // before the node, which pushes to it; its loops are stopped in run()
  LocalNode node_;
  std::shared_ptr<net::Gate> gate_;
  std::vector<std::shared_ptr<net::TlsContext>> certificates_;
  ClientFallback fallback_;
  std::unique_ptr<api::Routes> api_;
  std::unique_ptr<api::DirectoryRoutes> directory_;
  std::vector<std::unique_ptr<LoopRooms>> rooms_;
  std::unique_ptr<worker::Supervisor> workers_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Drain> drain_;
  boost::asio::posix::stream_descriptor
      signals_;  // a signalfd: signals are read, nothing is interrupted
  std::string directory_address_, api_address_;
  std::atomic<int> exit_code_{0};
  bool draining_ = false;
};

}  // namespace weft
