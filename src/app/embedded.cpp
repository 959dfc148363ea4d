#include "app/embedded.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "app/banner.hpp"
#include "app/config_load.hpp"
#include "app/options.hpp"
#include "app/ports_file.hpp"
#include "base/log.hpp"

namespace weft {
namespace {

constexpr int kCannotStart = 3;

bool has_dialect(const Config& config, Dialect dialect) {
  return std::any_of(config.paths.begin(), config.paths.end(),
                     [&](const PathConfig& path) { return path.dialect == dialect; });
}

PathConfig* find_path(Config& config, const std::string& path) {
  const auto found = std::find_if(config.paths.begin(), config.paths.end(),
                                  [&](const PathConfig& one) { return one.path == path; });
  return found == config.paths.end() ? nullptr : &*found;
}

// The configuration may say more about a path that a program answers, but it need not name it.
void add_path(Config& config, const std::string& path, Dialect dialect, const char* what) {
  if (const PathConfig* known = find_path(config, path)) {
    if (known->dialect == dialect) return;
    throw std::runtime_error("path \"" + path + "\": the program has " + what +
                             " there, and the configuration another dialect");
  }
  PathConfig& added = config.paths.emplace_back();
  added.path = path;
  added.dialect = dialect;
  added.allowed_origins = config.client.allowed_origins;
  added.limits = config.client.limits;
}

// In the form that weft.yaml wants: from "ws", as Swoft's modules may say it, "/ws". "" = all.
std::string path_of(const std::string& given) {
  return given.empty() || given.starts_with('/') ? given : '/' + given;
}

// Dialect commands is a program's: a configuration alone cannot answer.
void check_modules(const Config& config, const framework::Application& application) {
  for (const PathConfig& path : config.paths)
    if (path.dialect == Dialect::commands && !application.sealed_module(path.path))
      throw std::runtime_error("path \"" + path.path +
                               "\": dialect commands needs a module in a C++ program that links "
                               "weft::server: server.module(\"" +
                               path.path + "\")");
}

// Middleware at a path where nobody answers would guard nothing, and look as if it did.
void check_guards(const Config& config, const framework::Application& application) {
  std::vector<std::string> answered;
  for (const PathConfig& path : config.paths)
    if (path.dialect == Dialect::events || path.dialect == Dialect::commands)
      answered.push_back(path.path);
  for (const std::string& path : application.guarded_paths()) {
    if (std::ranges::count(answered, path)) continue;
    const auto near = nearest(path, answered);
    throw std::runtime_error("path \"" + path +
                             "\": the program has middleware or a codec there, but no listener and "
                             "no module" +
                             (near ? "; did you mean \"" + *near + "\"?" : ""));
  }
}

}  // namespace

// --- the configuration

ServerOptions load_config(int argc, char** argv) {
  ServerOptions options;
  const auto value_of = [&](int& i) -> std::string {
    if (i + 1 >= argc) throw std::runtime_error(std::string(argv[i]) + " wants a value behind it");
    return argv[++i];
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "-c" || word == "--config")
      options.file = value_of(i);
    else if (word == "--set")
      options.sets.push_back(value_of(i));
    else
      options.arguments.push_back(word);
  }
  if (options.file.empty() && std::filesystem::exists("weft.yaml")) options.file = "weft.yaml";
  return options;
}

Given Embedded::read_configuration() {
  LoadRequest request;
  request.file = options_.file;
  if (!options_.yaml.empty()) {
    request.text = options_.yaml;
    if (request.file.empty()) request.file = "weft.yaml";  // as messages name it
  }
  if (options_.environment) request.environment = process_environment();
  request.sets = options_.sets;
  request.program = true;
  Loaded loaded = load_config(request);
  if (!loaded.ok())
    throw std::runtime_error("the configuration is wrong:\n" + describe(loaded, false));
  if (loaded.warnings() > 0) std::fputs(describe(loaded, use_colour()).c_str(), stderr);
  const auto reload = [request] { return load_config(request); };
  return {std::move(loaded.config), RunMode::run, reload};
}

void Embedded::add_paths(Config& config) const {
  for (const auto& [path, parts] : application_.paths())
    if (!parts.listeners.entries().empty()) add_path(config, path, Dialect::events, "listeners");
  for (const auto& module : application_.modules()) {
    const framework::PathParts* const parts = application_.find(module->path());
    if (parts && !parts->listeners.entries().empty())
      throw std::runtime_error("path \"" + module->path() +
                               "\": the program has listeners and a module there; one path speaks "
                               "one dialect: give one of them another path");
    add_path(config, module->path(), Dialect::commands, "a module");
  }
  check_modules(config, application_);
  const bool listens = !application_.everywhere().listeners.entries().empty();
  if (listens && !has_dialect(config, Dialect::events))
    add_path(config, "/", Dialect::events, "listeners");
  check_guards(config, application_);
}

// --- life

Embedded::Embedded(Server& server, ServerOptions options)
    : server_(server), application_(server), options_(std::move(options)) {}

Embedded::Embedded(Server& server, Given given)
    : server_(server), application_(server), given_(std::move(given)) {}

Embedded::~Embedded() {
  if (!thread_.joinable()) return;
  stop();
  thread_.join();
}

void Embedded::log_subscriber_error(std::exception_ptr error) {
  log::error("a subscriber of a lifecycle event of the server threw: {}",
             framework::what_of(error));
}

Assembly& Embedded::assembly() {
  if (!assembly_)
    throw std::logic_error("the server does not run yet: the first place for this is StartServer");
  return *assembly_;
}

void Embedded::start() {
  const framework::Processes& processes = application_.processes;
  // StartServer is a place to add processes.
  if (processes.is_asked() && !processes.knows_asked()) raise(StartServer{server_});
  process_code_ = processes.run_if_asked(options_.arguments);
  if (process_code_) return;
  raise(StartWorker{server_});
  application_.seal_modules();
  raise(RouterRegistered{server_});
  Given given = given_ ? *given_ : read_configuration();
  add_paths(given.config);
  const Config& config = given.config;
  log::open(config.log.file, static_cast<log::Level>(config.log.level),
            config.log.format == LogFormat::json);
  assembly_ =
      std::make_unique<Assembly>(config, given.mode, given.reload, application_, options_.signals);
  raise(StartServer{server_});
  const OpenPorts open = assembly_->open();
  ports_ = port_numbers(open);
  if (options_.banner) {
    std::fputs(banner(config, given.mode, open, use_colour()).c_str(), stdout);
    std::fflush(stdout);
  }
  write_ports_file(open);
  raise(NodeSeen{assembly_->node_id(), true});
  assembly_->start();
}

int Embedded::join() {
  if (process_code_) return *process_code_;
  if (!assembly_) return exit_code_;
  exit_code_ = assembly_->join();
  if (!std::exchange(ended_, true)) raise(NodeDown{assembly_->node_id(), NodeDown::Why::stopped});
  return exit_code_;
}

int Embedded::run() try {
  start();
  return join();
} catch (const std::exception& error) {
  std::fprintf(stderr, "weft: %s\n", error.what());
  return kCannotStart;
}

void Embedded::stop() {
  if (assembly_) assembly_->stop();
}

int run_server(const Given& given) { return Server(given).run(); }

// --- the façade: what a program registers

Server::Server(ServerOptions options)
    : embedded_(std::make_unique<Embedded>(*this, std::move(options))) {}
Server::Server(const Given& given) : embedded_(std::make_unique<Embedded>(*this, given)) {}
Server::~Server() = default;

Listeners& Server::events(const std::string& path) {
  return embedded_->application().parts(path_of(path)).listeners;
}

Module& Server::module(const std::string& path) {
  return embedded_->application().module(path.empty() ? "/" : path_of(path));
}

Server& Server::use_message(MessageMiddleware middleware, MessageStage stage,
                            const std::string& path) {
  embedded_->application().message_middleware.add(std::move(middleware), stage, path_of(path));
  return *this;
}

EventBus& Server::lifecycle() { return embedded_->application().bus; }

Server& Server::use_handshake(HandshakeMiddleware middleware, const std::string& path) {
  embedded_->application().parts(path_of(path)).handshake.push_back(std::move(middleware));
  return *this;
}

Server& Server::use_open(OpenMiddleware middleware, const std::string& path) {
  embedded_->application().parts(path_of(path)).open.push_back(std::move(middleware));
  return *this;
}

Server& Server::set_codec(Codec codec, const std::string& path) {
  embedded_->application().parts(path_of(path)).codec = std::move(codec);
  return *this;
}

Server& Server::set_connection_storage(std::shared_ptr<ConnectionStorage> storage) {
  embedded_->application().connection_storage = std::move(storage);
  return *this;
}

Server& Server::set_message_storage(std::shared_ptr<MessageStorage> storage) {
  embedded_->application().message_storage = std::move(storage);
  return *this;
}

MessageQueue& Server::queue() { return embedded_->assembly().messages(); }
ConnectionStorage& Server::connection_storage() {
  ConnectionStorage* const storage = embedded_->assembly().connection_storage();
  if (!storage) throw std::logic_error("storages.connection is none: there is no storage");
  return *storage;
}

int Server::run() { return embedded_->run(); }
void Server::start() { embedded_->start(); }
void Server::stop() { embedded_->stop(); }
int Server::join() { return embedded_->join(); }
Ports Server::ports() const { return embedded_->ports(); }

}  // namespace weft
