// The loop of one client and all its links: follows the directory, starts and stops links, runs
// handlers. Client is a handle to a Mesh.
#pragma once
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "client/directory.hpp"
#include "client/link.hpp"
#include "weft/client.hpp"

namespace weft::client {

class Mesh : public std::enable_shared_from_this<Mesh> {
 public:
  explicit Mesh(Options options);
  ~Mesh();

  // --- For Client, from any thread ---
  void run();
  void start();
  void stop();
  void stop_and_join();
  Result<Node> random();
  Result<Node> node(std::string_view id);
  std::vector<Node> nodes();
  void post(std::function<void()> work);

  // --- For links ---
  asio::any_io_executor loop() { return io_.get_executor(); }
  const Options& options() const { return *options_; }
  bool on_loop() const { return loop_thread_.load() == std::this_thread::get_id(); }
  std::shared_ptr<Connection> make_connection();
  /// Runs `work` on the loop later, or on this thread at once when the loop has ended. Any thread.
  void run_on_loop(std::function<void()> work);
  /// Calls something of the user's; what it throws is told to on_error.
  template <class Handler>
  void guarded(Handler&& handler);
  void report(const Problem& problem);
  void on_link_changed();
  /// A node is in trouble: asks the directory soon instead of at its usual time.
  void look_again();
  /// Asks the directory now and takes what it says; keeps what was known when it does not answer.
  asio::awaitable<void> ask_directory();
  std::minstd_rand& random_bits() { return random_bits_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool try_to_run(std::function<void()> work);  // false when the loop has ended
  asio::awaitable<void> follow(std::shared_ptr<Mesh> self);
  asio::awaitable<Result<std::vector<NodeInfo>>> ask();
  void take_nodes(const std::vector<NodeInfo>& nodes);
  void stop_on_loop();
  std::vector<Node> connected_nodes();  // with mutex_ held

  const std::shared_ptr<const Options> options_;
  const std::shared_ptr<asio::ssl::context> tls_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::steady_timer pause_;
  std::vector<std::shared_ptr<Directory>> asking_;  // questions under way
  Clock::time_point last_look_, next_look_;
  bool stopping_ = false;
  std::minstd_rand random_bits_{std::random_device{}()};
  std::thread thread_;
  std::atomic<std::thread::id> loop_thread_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<Link>> links_;  // by address
  std::size_t to_run_ = 0;                              // by try_to_run
  bool ended_ = false;
};

template <class Handler>
void Mesh::guarded(Handler&& handler) {
  try {
    handler();
  } catch (const std::exception& thrown) {
    report({ClientErrc::handler_threw, thrown.what(), ""});
  } catch (...) {
    report({ClientErrc::handler_threw, "something that is no std::exception", ""});
  }
}

}  // namespace weft::client
