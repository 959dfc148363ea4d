// Assembly: one node, built from a configuration: loops, queues, doors, scripts, workers. Opens,
// runs until told to drain, and comes down in the order the data flows.
#pragma once
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/routes.hpp"
#include "app/banner.hpp"
#include "app/client_fallback.hpp"
#include "app/drain.hpp"
#include "app/loop_rooms.hpp"
#include "app/mesh_room.hpp"
#include "app/message_room.hpp"
#include "app/queue_engines.hpp"
#include "app/row_room.hpp"
#include "app/watcher.hpp"
#include "app/wiring.hpp"
#include "framework/application.hpp"
#include "framework/task_pool.hpp"
#include "framework/timers.hpp"
#include "framework/waiting.hpp"
#include "net/tls.hpp"
#include "queue/queues.hpp"
#include "worker/supervisor.hpp"

namespace weft {

class Assembly {
 public:
  /// `application` outlives it. `signals`: SIGTERM, SIGINT and SIGHUP of the process are its own.
  Assembly(const Config& config, RunMode mode, std::function<Loaded()> reload,
           const framework::Application& application, bool signals);
  ~Assembly();

  /// Binds every address, loads every script, creates the topics. Throws std::runtime_error that
  /// says what is wrong.
  OpenPorts open();
  /// Serves from now on, on threads of its own.
  void start();
  const std::string& node_id() const { return node_.id(); }
  /// Drains and ends, as SIGTERM does. Any thread.
  void stop();
  /// The same over a time of the caller's, or over the configuration's; gives the time. Any thread.
  Millis drain_over(std::optional<Millis> over);
  /// Waits until a signal or stop() has drained it; gives the exit code.
  int join();

  // What the calls of a program need (embedded_calls.cpp).
  LocalNode& node() { return node_; }
  net::LoopPool& loops() { return loops_; }
  metrics::Registry& metrics() { return metrics_; }
  framework::Timers& timers() { return timers_; }
  framework::TaskPool& tasks() { return tasks_; }
  framework::WaitingRoom& waiting() { return waiting_; }
  LoopRooms& rooms(const net::Loop& loop) { return *rooms_[loop.index()]; }
  MessageQueue& messages() { return messages_->queue(); }
  /// null = there is none.
  ConnectionStorage* connection_storage() { return rows_->storage().get(); }

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
  Millis drain_time(std::optional<Millis> asked) const;
  void drain(Millis over);
  void start_workers();
  void stop_workers();
  void stop_loops();

  Config config_;
  RunMode mode_;
  std::function<Loaded()> reload_;
  const framework::Application& application_;
  metrics::Registry metrics_;
  framework::WaitingRoom waiting_;  // before the loops: what they drop at the end leaves it
  net::LoopPool loops_;
  std::unique_ptr<RowRoom> rows_;
  QueueEngines queue_engines_;
  queue::Queues queue_;  // before the node, which pushes to it; its loops are stopped in run()
  LocalNode node_;
  HouseEvents events_;
  std::unique_ptr<MeshRoom> mesh_;  // null = this node is alone
  framework::Timers timers_;
  framework::TaskPool tasks_;
  std::shared_ptr<net::Gate> gate_;
  std::vector<std::shared_ptr<net::TlsContext>> certificates_;
  std::unique_ptr<MessageRoom> messages_;
  ClientFallback fallback_;
  std::unique_ptr<api::Routes> api_;
  std::unique_ptr<api::DirectoryRoutes> directory_;
  std::vector<std::unique_ptr<LoopRooms>> rooms_;
  std::unique_ptr<worker::Supervisor> workers_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Drain> drain_;
  // A signalfd: signals are read, nothing is interrupted. Not open when they are not ours.
  boost::asio::posix::stream_descriptor signals_;
  std::string directory_address_, api_address_;
  std::atomic<int> exit_code_{0};
  bool draining_ = false;   // by a signal, by stop() or by the API
  bool signalled_ = false;  // SIGTERM or SIGINT came
};

}  // namespace weft
