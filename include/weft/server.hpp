// Server: a weft node inside a C++ program, with everything that weft.yaml can say and answers
// written in C++. docs/framework.md is the tutorial.
//
//   int main(int argc, char** argv) {
//     weft::Server server{weft::load_config(argc, argv)};
//     server.events().on("TEST", [](weft::Connection& sender, const weft::Message&) {
//       sender.send("RESPONSE_EVENT", {{"message", "Hello World"}});
//     });
//     return server.run();
//   }
//
// Threads. Everything that registers (events, module, use_*, add_*, lifecycle, set_*) belongs
// before run() or start(). Every other method may be called from any thread. Calls that give an
// Answer never block; orders of one caller to one connection keep their order.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "weft/answer.hpp"
#include "weft/cluster.hpp"
#include "weft/connection.hpp"
#include "weft/connection_info.hpp"
#include "weft/lifecycle.hpp"
#include "weft/listeners.hpp"
#include "weft/message_middleware.hpp"
#include "weft/message_queue.hpp"
#include "weft/middleware.hpp"
#include "weft/payload.hpp"
#include "weft/process.hpp"
#include "weft/send.hpp"
#include "weft/storage.hpp"
#include "weft/task.hpp"
#include "weft/task_pool.hpp"

namespace weft {

class Module;  // weft/module.hpp: dialect `commands`

/// Where the configuration comes from: as for `weft run`.
struct ServerOptions {
  std::string file = {};                    ///< weft.yaml; "" = none: the defaults, and `sets`
  std::string yaml = {};                    ///< used in place of the file's content
  std::vector<std::string> sets = {};       ///< "key=value", as --set; they win
  bool environment = true;                  ///< WEFT_* of this process counts
  bool signals = true;                      ///< SIGTERM and SIGINT drain and stop, SIGHUP reloads
  bool banner = true;                       ///< what is open is printed when it is
  std::vector<std::string> arguments = {};  ///< of the program, for its own use
};

/// Reads [-c FILE | --config FILE] and [--set KEY=VALUE]... of a command line; without -c the file
/// is
/// ./weft.yaml when there is one. Everything else lands in `arguments`. Throws std::runtime_error.
ServerOptions load_config(int argc, char** argv);

/// What really is open: ports where the configuration said 0.
struct Ports {
  std::uint16_t clients = 0, api = 0, directory = 0;
};

/// Connections that shall not get it, also when they are named as receivers.
using Except = std::vector<ConnectionId>;

enum class StatsFormat : std::uint8_t { json, openmetrics };

using TimerId = std::uint64_t;

class Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // --- what answers, before run() ---
  // "chat" is the path "/chat". A path has listeners or a module, not both.
  /// Listeners of the paths with dialect `events`, or of one of them.
  Listeners& events(const std::string& path = "");
  /// A module of the dialect `commands` at `path`, which may have {variables}.
  Module& module(const std::string& path);
  EventBus& lifecycle();
  /// Middleware of every path of the framework, or of one.
  Server& use_handshake(HandshakeMiddleware middleware, const std::string& path = "");
  Server& use_open(OpenMiddleware middleware, const std::string& path = "");
  Server& use_message(MessageMiddleware middleware, MessageStage stage = MessageStage::global,
                      const std::string& path = "");
  /// In place of the shipped codec, on every path of dialect `events` or on one.
  Server& set_codec(Codec codec, const std::string& path = "");
  Server& set_connection_storage(std::shared_ptr<ConnectionStorage> storage);
  Server& set_message_storage(std::shared_ptr<MessageStorage> storage);
  /// A process of its own beside the server: started with it, started again with back-off when it
  /// ends, stopped with it. The program itself is started once more for it, with the same arguments
  /// and WEFT_PROCESS=name, and runs `body` in place of run(), or of start(); what it gives is the
  /// exit code. `name`: letters, digits, - and _.
  Server& add_process(std::string name, std::function<int(ProcessContext&)> body);

  // --- life ---
  /// Serves on this thread and others until a signal or stop() has drained it; gives the exit code.
  /// Prints what keeps it from starting.
  int run();
  /// The same without waiting; throws std::runtime_error when it cannot start.
  void start();
  /// Drains and ends; run() returns then. Any thread.
  void stop();
  /// Waits until it has ended, after start(); gives the exit code.
  int join();
  Ports ports() const;

  // --- connections ---
  Answer<SendStatus> send(ConnectionId to, std::string event, json::value data = nullptr);
  Answer<SendStatus> push(ConnectionId to, Payload payload);
  /// To exactly these, each once; `except` wins.
  Answer<Delivered> push_some(std::vector<ConnectionId> to, Payload payload, Except except = {});
  /// To every connection of this node that is there when it begins. `page`: so many of a loop
  /// before its other work has a turn; a send() that follows may overtake it there.
  Answer<Delivered> push_all(Payload payload, Except except = {}, std::size_t page = 1000);
  /// To everybody but `sender`.
  Answer<Delivered> broadcast(ConnectionId sender, Payload payload, std::size_t page = 1000) {
    return push_all(std::move(payload), {sender}, page);
  }
  Answer<Delivered> push_user(std::string user, Payload payload);
  Answer<PublishCount> publish(std::string channel, Payload payload);
  /// Errors: invalid_argument (see Connection::close), "no such connection".
  Answer<Result<void>> close(ConnectionId id, CloseCode code = CloseCode::normal,
                             std::string reason = {});
  Answer<bool> exists(ConnectionId id);
  Answer<std::optional<ConnectionInfo>> connection(ConnectionId id);
  /// Connections of this node, at most `limit`, ordered by id. Errors: bad_cursor.
  Answer<Result<Page<ConnectionInfo>>> connections(Cursor from = {}, std::size_t limit = 100);
  /// Stops, and starts again, reading from a client. false = there is no such connection.
  Answer<bool> pause(ConnectionId id);
  Answer<bool> resume(ConnectionId id);
  std::size_t count() const;

  /// What is asked of all nodes at once: users, everybody, who is where (weft/cluster.hpp).
  Cluster& cluster();

  ConnectionStorage& connection_storage();  ///< the one in use
  MessageQueue& queue();

  // --- time, threads, numbers ---
  /// On the loop that calls it, else on the first one.
  TimerId tick(std::chrono::milliseconds period, std::function<void()> work);
  TimerId after(std::chrono::milliseconds time, std::function<void()> work);
  void clear(TimerId timer);
  /// Runs `work` on the calling loop, else on the first one, soon; on every loop: once on each.
  /// What it throws is logged.
  void post(std::function<void()> work);
  void post_to_every_loop(std::function<void()> work);
  /// Runs a coroutine on a loop; what it throws is logged.
  void spawn(std::function<Task<void>()> work);
  // tick(), after() and the posts would never run one.
  template <CoroutineFunction F>
  TimerId tick(std::chrono::milliseconds period, F work) = delete;
  template <CoroutineFunction F>
  TimerId after(std::chrono::milliseconds time, F work) = delete;
  template <CoroutineFunction F>
  void post(F work) = delete;
  template <CoroutineFunction F>
  void post_to_every_loop(F work) = delete;

  /// Runs `work` on the pool of threads for what blocks or computes.
  template <class F, class R = std::invoke_result_t<F>>
  Answer<Result<R>> task(F work, TaskOptions options = {}) {
    static_assert(!kIsTask<R>, "a task is a plain function: coroutines are for spawn()");
    typename Answer<Result<R>>::Giver giver;
    submit(
        [giver, work = std::move(work)]() mutable {
          if constexpr (std::is_void_v<R>)
            work(), giver.give(Result<R>{});
          else
            giver.give(Result<R>{work()});
        },
        [giver](error_code error) { giver.give(Result<R>{error}); }, options);
    return giver.answer();
  }
  /// All of them side by side under one deadline, results in the order of the work.
  template <class R>
  Answer<std::vector<Result<R>>> task_all(std::vector<std::function<R()>> works,
                                          TaskOptions options = {});

  /// Every metric by its name (sums) and as name{labels}; beside them the numbers of Swoole's
  /// stats() under its names: docs/swoole.md.
  std::map<std::string, double> stats() const;
  std::string stats(StatsFormat format) const;

 private:
  /// `work` calls its giver; `failed` when it cannot or did not in time.
  void submit(std::function<void()> work, std::function<void(error_code)> failed,
              TaskOptions options);

  friend int run_server(const class Given& given);
  explicit Server(const Given& given);

  std::unique_ptr<class Embedded> embedded_;
};

template <class R>
Answer<std::vector<Result<R>>> Server::task_all(std::vector<std::function<R()>> works,
                                                TaskOptions options) {
  struct Gathered {
    std::vector<std::optional<Result<R>>> results;
    std::atomic<std::size_t> missing;
    typename Answer<std::vector<Result<R>>>::Giver giver;
    void finish() {
      std::vector<Result<R>> all;
      for (auto& one : results) all.push_back(std::move(*one));
      giver.give(std::move(all));
    }
  };
  auto gathered = std::make_shared<Gathered>();
  gathered->results.resize(works.size());
  gathered->missing = works.size();
  if (works.empty()) gathered->finish();
  for (std::size_t i = 0; i < works.size(); ++i)
    task(std::move(works[i]), options).then([gathered, i](Result<R> result) {
      gathered->results[i].emplace(std::move(result));
      if (--gathered->missing == 0) gathered->finish();
    });
  return gathered->giver.answer();
}

}  // namespace weft
