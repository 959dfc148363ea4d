#include "app/assembly.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "app/convert.hpp"
#include "base/log.hpp"

namespace weft {
namespace {

unsigned loop_count(const Config& config) {
  if (config.node.loops) return config.node.loops;
  return std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
}

std::vector<net::Loop*> pointers(net::LoopPool& loops) {
  std::vector<net::Loop*> all;
  for (auto& loop : loops) all.push_back(loop.get());
  return all;
}

log::Level log_level(LogLevel level) { return static_cast<log::Level>(level); }

// An address that others can dial, for a bound one that may be "every interface".
std::string dialable(const boost::asio::ip::tcp::endpoint& endpoint) {
  if (!endpoint.address().is_unspecified()) return net::to_string(endpoint);
  return net::to_string({boost::asio::ip::make_address("127.0.0.1"), endpoint.port()});
}

// The host's name, when the configuration names none.
std::string node_name(const Config& config) {
  if (!config.node.name.empty()) return config.node.name;
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return host.data();
}

// Blocked in this thread and in all that it starts, so that they can only be read from here.
int open_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

Assembly::Assembly(const Config& config, RunMode mode, std::function<Loaded()> reload,
                   const framework::Application& application, bool signals)
    : config_(config),
      mode_(mode),
      reload_(std::move(reload)),
      application_(application),
      loops_(loop_count(config), metrics_),
      queue_engines_(config_),
      queue_(pointers(loops_), metrics_, {.defaults = {}, .max_topics = config.max_topics}),
      node_(loops_, queue_, metrics_, config.node.slot),
      events_(config, node_, application),
      timers_(loops_, metrics_),
      tasks_({config.framework.task_threads, config.framework.max_waiting_tasks}, metrics_),
      gate_(std::make_shared<net::Gate>(gate_limits(config), metrics_)),
      fallback_(node_),
      signals_(loops_.at(0).context()) {
  if (signals) signals_.assign(open_signals());
  std::signal(SIGPIPE, SIG_IGN);
  loops_.watch(config.framework.watchdog);
  node_.introduce(node_name(config), "");
  if (config.cluster.enabled()) {
    mesh_ = std::make_unique<MeshRoom>(config, node_, events_);
    config_.node.slot = mesh_->join();
  }
  messages_ = std::make_unique<MessageRoom>(config_, config.node.slot, loops_, node_,
                                            application);  // may start threads
  rows_ = std::make_unique<RowRoom>(config_, loops_.at(0), metrics_, application);
  for (auto& loop : loops_)
    loop->waiting().set_limit(config.limits.max_outbox_total / loops_.size());
  log::debug("what a turn has to say is sent {}",
             loops_.uses_ring() ? "through io_uring" : "by one send for each connection");
}

Assembly::~Assembly() {
  loops_.stop_and_join();
  mesh_.reset();
  waiting_.close();  // before the tasks: one of them may wait
  tasks_.stop();
  watcher_.reset();
  workers_.reset();
  drain_.reset();
  rooms_.clear();
}

// --- opening
// ------------------------------------------------------------------------------------------------------

OpenPorts Assembly::open() {
  OpenPorts ports;
  ports.loops = loops_.size();
  create_queues();
  mount_files();
  const auto redis = redis_options(config_);
  for (auto& loop : loops_) {
    rooms_.push_back(
        std::make_unique<LoopRooms>(*loop, config_, node_, application_, redis, fallback_));
    rooms_.back()->load(config_);
    rooms_.back()->keep_rows(rows_->rows());
  }
  events_.set_listener([this](ConnectionId about, const std::string& json) {
    rooms_.front()->tell_house(about, json);
  });
  open_doors(ports);
  open_sockets(ports);
  return ports;
}

void Assembly::create_queues() {
  for (const QueueConfig& queue : config_.queues) queue_engines_.create(queue_, queue);
  for (const PathConfig& path : config_.paths) {
    const auto known = [&](const QueueConfig& queue) { return queue.name == path.queue; };
    if (path.queue.empty() || std::any_of(config_.queues.begin(), config_.queues.end(), known))
      continue;
    if (const error_code error = queue_.create(path.queue, {}))
      throw std::runtime_error("path \"" + path.path + "\", queue \"" + path.queue +
                               "\": " + error.message());
  }
}

void Assembly::mount_files() {
  for (const PathConfig& path : config_.paths)
    if (!path.files.empty())
      fallback_.mount(path.path,
                      std::make_unique<api::StaticFiles>(path.files, path.path, loops_.size()));
}

Assembly::Opened Assembly::bind(const ListenConfig& listen, bool gated) {
  net::ListenerOptions options;
  if (gated) {
    options.gate = gate_;
    options.refusal_answer = transport::refusal_answer;
  }
  if (listen.tls.enabled()) {
    certificates_.push_back(
        std::make_shared<net::TlsContext>(listen.tls.certificate, listen.tls.key));
    options.tls = certificates_.back();
  }
  options.paused = node_.paused_listeners();
  if (listen.share_port)
    log::info("{} is shared: other processes with share_port may listen there too", listen.address);
  const auto use = listen.share_port ? net::PortUse::shared : net::PortUse::alone;
  return {net::bind_address(listen.address, use), std::move(options)};
}

void Assembly::open_doors(OpenPorts& ports) {
  if (config_.listen.api.enabled()) {
    Opened opened = bind(config_.listen.api, false);
    const std::uint16_t port = opened.address.endpoint.port();
    api::ApiOptions options = api_options(config_, port);
    options.messages = messages_->door();
    options.drain = [this](std::optional<Millis> over) { return drain_over(over); };
    api_ = std::make_unique<api::Routes>(node_, std::move(options), loops_.size());
    for (auto& rooms : rooms_)
      rooms->listen_http(opened.address, opened.options, api_door(config_), *api_, false);
    ports.api = net::to_string(opened.address.endpoint);
    api_address_ = dialable(opened.address.endpoint);
    node_.introduce(node_name(config_),
                    config_.node.advertise.empty() ? api_address_ : config_.node.advertise);
    if (config_.listen.directory.enabled()) {
      Opened directory = bind(config_.listen.directory, false);
      directory_ = std::make_unique<api::DirectoryRoutes>(node_, api_options(config_, port));
      for (auto& rooms : rooms_)
        rooms->listen_http(directory.address, directory.options, api_door(config_), *directory_,
                           false);
      ports.directory = net::to_string(directory.address.endpoint);
      directory_address_ = dialable(directory.address.endpoint);
    }
  }
  if (config_.listen.clients.enabled()) {
    Opened opened = bind(config_.listen.clients, true);
    for (auto& rooms : rooms_)
      rooms->listen_clients(opened.address, opened.options, client_door(config_));
    ports.clients = net::to_string(opened.address.endpoint);
  }
}

void Assembly::open_sockets(OpenPorts& ports) {
  for (const SocketConfig& socket : config_.sockets) {
    Opened opened = bind({socket.listen, socket.tls}, true);
    opened.options.refusal_answer = {};
    for (auto& rooms : rooms_) rooms->listen_raw(opened.address, opened.options, socket);
    ports.sockets.push_back(net::to_string(opened.address.endpoint));
  }
}

// --- running
// ------------------------------------------------------------------------------------------------------

void Assembly::start() {
  if (signals_.is_open()) wait_for_signal();
  if (mesh_) mesh_->set_api(node_.self().api);
  rows_->start();
  for (auto& rooms : rooms_)
    rooms->loop().post([this, &rooms] {
      rooms->say_started();
      if (mode_ == RunMode::run && config_.lua.reload.count())
        rooms->reload_scripts_every(config_.lua.reload);
    });
  loops_.at(0).post([this] {
    messages_->start();
    if (mode_ == RunMode::dev) watch_scripts();
    start_workers();
  });
  loops_.start();
}

void Assembly::start_workers() {
  auto specs = worker_specs(config_, directory_address_, api_address_);
  for (auto& spec : application_.processes.specs(directory_address_))
    specs.push_back(std::move(spec));
  if (specs.empty()) return;
  workers_ = std::make_unique<worker::Supervisor>(loops_.at(0), std::move(specs));
  workers_->start();
}

void Assembly::stop() { drain_over(std::nullopt); }

Millis Assembly::drain_time(std::optional<Millis> asked) const {
  return asked.value_or(mode_ == RunMode::dev ? Millis(0) : config_.node.drain);
}

Millis Assembly::drain_over(std::optional<Millis> asked) {
  const Millis over = drain_time(asked);
  loops_.at(0).post([this, over] {
    if (!std::exchange(draining_, true)) drain(over);
  });
  return over;
}

int Assembly::join() {
  loops_.join();
  waiting_.close();
  tasks_.stop();
  return exit_code_;
}

void Assembly::watch_scripts() {
  std::set<std::string> folders;
  const auto note = [&](const std::string& script) {
    if (!script.empty()) folders.insert(std::filesystem::absolute(script).parent_path().string());
  };
  for (const PathConfig& path : config_.paths) {
    note(path.script);
    if (path.dialect == Dialect::events)
      for (const framework::Route& route : event_routes(config_, path)) note(route.file);
  }
  for (const SocketConfig& socket : config_.sockets) note(socket.script);
  for (const std::string& path : config_.lua.module_paths) folders.insert(path);
  if (folders.empty()) return;
  const auto reload = [this](const std::vector<std::string>&) {
    for (auto& rooms : rooms_) rooms->loop().dispatch([&rooms] { rooms->reload_scripts(); });
  };
  watcher_ = std::make_unique<Watcher>(
      loops_.at(0), std::vector<std::string>(folders.begin(), folders.end()), reload);
  reload({});  // what was saved since the scripts were read: other loops may serve already
}

void Assembly::wait_for_signal() {
  signals_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (error) return;
    signalfd_siginfo info{};
    if (::read(signals_.native_handle(), &info, sizeof info) == sizeof info)
      on_signal(static_cast<int>(info.ssi_signo));
    wait_for_signal();
  });
}

void Assembly::on_signal(int signal) {
  if (signal == SIGHUP) return reload();
  if (!std::exchange(signalled_, true)) {
    if (draining_) return log::info("draining already; one more signal ends it at once");
    draining_ = true;
    return drain(drain_time(std::nullopt));
  }
  log::warn("second signal: ending at once");
  exit_code_ = kExitInterrupted;
  for (auto& loop : loops_) loop->stop();
}

void Assembly::reload() {
  log::info("SIGHUP: reloading certificates and scripts");
  for (auto& certificate : certificates_) try {
      certificate->reload();
    } catch (const std::exception& error) {
      log::error("the old certificate stays: {}", error.what());
    }
  for (auto& rooms : rooms_) rooms->loop().dispatch([&rooms] { rooms->reload_scripts(); });
  if (!reload_) return;
  const Loaded loaded = reload_();
  if (!loaded.ok()) return log::error("the old configuration stays:\n{}", describe(loaded, false));
  log::set_level(log_level(loaded.config.log.level));
}

void Assembly::drain(Millis over) {
  std::vector<LoopRooms*> rooms;
  for (auto& one : rooms_) rooms.push_back(one.get());
  DrainOptions options;
  options.over = over;
  if (mode_ == RunMode::dev) options.clients_timeout = options.queue_timeout = Millis(500);
  log::info("draining: no new connections, clients are told to come back");
  drain_ = std::make_unique<Drain>(rooms, node_, options, [this] { stop_workers(); });
  drain_->start();
  if (mesh_) mesh_->tell_more();
}

void Assembly::stop_loops() {
  for (auto& rooms : rooms_)
    rooms->loop().post([this, &rooms] {
      timers_.stop(rooms->loop());
      rooms->stop([&rooms] { rooms->loop().stop(); });
    });
}

void Assembly::stop_workers() {
  const auto leave_mesh = [this] {
    if (!mesh_) return stop_loops();
    mesh_->leave([this] { loops_.at(0).post([this] { stop_loops(); }); });
  };
  const auto hand_over = [this, leave_mesh] {
    if (!mesh_ || !node_.presence()) return leave_mesh();
    node_.presence()->hand_over(leave_mesh);
  };
  const auto stop_rows = [this, hand_over] { rows_->stop(hand_over); };
  const auto close_queues = [this, stop_rows] {
    queue_.stop();
    queue_.close(loops_.at(0), stop_rows);
  };
  const auto stop_messages = [this, close_queues] { messages_->stop(close_queues); };
  if (workers_)
    workers_->stop(stop_messages);
  else
    stop_messages();
}

}  // namespace weft
