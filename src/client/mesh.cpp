#include "client/mesh.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "base/check.hpp"
#include "client/backoff.hpp"

namespace weft::client {
namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

}  // namespace

Mesh::Mesh(Options options)
    : options_(std::make_shared<const Options>(std::move(options))),
      tls_(make_tls_context(*options_)),
      signals_(io_),
      pause_(io_) {}

Mesh::~Mesh() = default;

// --- For Client
// -----------------------------------------------------------------------------------------------

void Mesh::run() {
  loop_thread_ = std::this_thread::get_id();
  if (options_->stop_on_signals) {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](error_code error, int) {
      if (!error) stop_on_loop();
    });
  }
  asio::co_spawn(io_, follow(shared_from_this()), asio::detached);
  for (bool more = true; more;) {
    io_.run();
    io_.restart();
    const std::lock_guard lock(mutex_);
    more = to_run_ > 0;
    ended_ = !more;
  }
  loop_thread_ = std::thread::id();
  changed_.notify_all();
}

void Mesh::start() {
  check(!thread_.joinable(), "a client is started once");
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void Mesh::stop() {
  asio::post(io_, [this] { stop_on_loop(); });
}

void Mesh::stop_and_join() {
  check(!on_loop(), "a client does not end inside its own handlers");
  stop();
  if (thread_.joinable()) thread_.join();
}

Result<Node> Mesh::random() {
  std::unique_lock lock(mutex_);
  std::vector<Node> choice;
  const auto ready = [&] { return ended_ || !(choice = connected_nodes()).empty(); };
  if (!on_loop()) {
    changed_.wait_for(lock, options_->connect_timeout, ready);
  } else {
    (void)ready();
  }
  if (ended_) return ClientErrc::stopped;
  if (choice.empty()) return ClientErrc::no_node;
  thread_local std::minstd_rand dice{std::random_device{}()};
  return choice[std::uniform_int_distribution<std::size_t>(0, choice.size() - 1)(dice)];
}

Result<Node> Mesh::node(std::string_view id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [address, link] : links_) {
    if (link->id() == id) return Node(link);
  }
  return ClientErrc::no_node;
}

std::vector<Node> Mesh::nodes() {
  const std::lock_guard lock(mutex_);
  std::vector<Node> all;
  for (const auto& [address, link] : links_) all.push_back(Node(link));
  return all;
}

std::vector<Node> Mesh::connected_nodes() {
  std::vector<Node> connected;
  for (const auto& [address, link] : links_) {
    if (link->connected()) connected.push_back(Node(link));
  }
  return connected;
}

void Mesh::post(std::function<void()> work) {
  (void)try_to_run([this, work = std::move(work)] { guarded(work); });
}

// --- For links
// ------------------------------------------------------------------------------------------------

std::shared_ptr<Connection> Mesh::make_connection() {
  return std::make_shared<Connection>(loop(), options_, tls_);
}

void Mesh::run_on_loop(std::function<void()> work) {
  if (!try_to_run(work)) work();
}

// What was taken is run, also when the loop is just ending: run() looks at to_run_ before it ends
// for good.
bool Mesh::try_to_run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  ++to_run_;
  asio::post(io_, [this, work = std::move(work)] {
    work();
    const std::lock_guard counting(mutex_);
    --to_run_;
  });
  return true;
}

void Mesh::report(const Problem& problem) try {
  if (options_->on_error) options_->on_error(problem);
} catch (...) {
  // Whoever throws while being told of a throw is not told again.
}

void Mesh::on_link_changed() {
  { const std::lock_guard lock(mutex_); }  // whoever looked before the change is waiting by now
  changed_.notify_all();
}

void Mesh::look_again() {
  next_look_ = std::min(next_look_, last_look_ + options_->backoff_min);
  pause_.cancel();
}

// --- The directory
// --------------------------------------------------------------------------------------------

asio::awaitable<void> Mesh::follow(std::shared_ptr<Mesh> /*self*/) {
  Backoff backoff(options_->backoff_min, options_->backoff_max);
  while (!stopping_) {
    const Result<std::vector<NodeInfo>> nodes = co_await ask();
    if (stopping_) break;
    last_look_ = Clock::now();
    if (nodes) {
      backoff.reset();
      take_nodes(*nodes);
      std::uniform_int_distribution<std::int64_t> jitter(0, options_->refresh_jitter.count());
      next_look_ =
          last_look_ + options_->refresh_interval + std::chrono::milliseconds(jitter(random_bits_));
    } else {
      report({nodes.error(), nodes.error().message(), options_->directory});
      next_look_ = last_look_ + backoff.next(random_bits_);
    }
    while (!stopping_ && Clock::now() < next_look_) {
      pause_.expires_at(next_look_);
      (void)co_await pause_.async_wait(no_throw);
    }
  }
}

asio::awaitable<Result<std::vector<NodeInfo>>> Mesh::ask() {
  const auto directory = std::make_shared<Directory>(options_, tls_);
  asking_.push_back(directory);
  Result<std::vector<NodeInfo>> nodes = co_await directory->nodes();
  std::erase(asking_, directory);
  co_return nodes;
}

asio::awaitable<void> Mesh::ask_directory() {
  const Result<std::vector<NodeInfo>> nodes = co_await ask();
  if (nodes && !stopping_) take_nodes(*nodes);
}

void Mesh::take_nodes(const std::vector<NodeInfo>& nodes) {
  std::vector<std::shared_ptr<Link>> added, gone;
  {
    const std::lock_guard lock(mutex_);
    for (const NodeInfo& info : nodes) {
      auto& link = links_[info.address];
      if (link) {
        link->set_id(info.id);
      } else {
        added.push_back(link = std::make_shared<Link>(shared_from_this(), info.id, info.address));
      }
    }
    std::erase_if(links_, [&](const auto& entry) {
      const bool named = std::ranges::find(nodes, entry.first, &NodeInfo::address) != nodes.end();
      if (!named) gone.push_back(entry.second);
      return !named;
    });
  }
  for (const auto& link : gone) link->stop();
  for (const auto& link : added) asio::co_spawn(io_, link->run(link), asio::detached);
}

// Nothing is left to do for the loop when the directory's question and every link have ended.
void Mesh::stop_on_loop() {
  if (std::exchange(stopping_, true)) return;
  error_code ignored;
  signals_.cancel(ignored);
  for (const auto& directory : asking_) directory->cancel();
  pause_.cancel();
  std::map<std::string, std::shared_ptr<Link>> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(links_);
  }
  for (const auto& [address, link] : ending) link->stop();
}

}  // namespace weft::client
