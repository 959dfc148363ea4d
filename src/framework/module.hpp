// ModuleBook: what a program said about one module. SealedModule: the same, ready to be asked by
// all loops: each command with the middleware that stands around it.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framework/message_middleware.hpp"
#include "weft/module.hpp"

namespace weft::framework {

class ModuleBook;

using SharedHandler = std::shared_ptr<const CommandHandler>;

class ControllerBook final : public Controller {
 public:
  ControllerBook(ModuleBook& module, std::string prefix);
  Controller& use(MessageMiddleware middleware) override;

 private:
  friend class SealedModule;
  struct Entry {
    std::string id;
    SharedHandler handler;
    CommandOptions options;
    std::vector<SharedMiddleware> middleware;
  };
  Controller& add(std::string name, CommandHandler handler, CommandOptions options) override;

  ModuleBook& module_;
  std::string prefix_;
  std::vector<SharedMiddleware> middleware_;
  std::vector<Entry> entries_;
};

class ModuleBook final : public Module {
 public:
  explicit ModuleBook(std::string path) : path_(std::move(path)) {}
  ModuleBook(const ModuleBook&) = delete;
  ModuleBook& operator=(const ModuleBook&) = delete;

  Module& param(std::string name, std::string regex) override;
  Module& name(std::string name) override;
  using Module::parser;
  Module& parser(std::shared_ptr<const MessageParser> parser) override;
  Module& default_command(std::string id) override;
  Module& default_opcode(DataType type) override;
  Module& pre_check(bool before_middleware) override;
  Module& use(MessageMiddleware middleware) override;
  using Module::controller;
  Controller& controller(std::string prefix) override;

  const std::string& path() const { return path_; }

  /// Throws std::invalid_argument: the module has it already.
  void claim(const std::string& id);

 private:
  friend class SealedModule;
  Module& set_handshake(HandshakeMiddleware innermost) override;
  Module& set_open(OpenMiddleware innermost) override;
  Module& set_message(CommandHandler handler) override;
  Module& set_close(CloseHook hook) override;

  std::string path_, name_, default_command_ = "home.index";
  std::map<std::string, std::string> params_;
  std::shared_ptr<const MessageParser> parser_ = std::make_shared<const RawTextParser>();
  std::optional<DataType> default_opcode_;
  bool pre_check_ = true, named_default_ = false;
  std::vector<SharedMiddleware> middleware_;
  HandshakeMiddleware handshake_;
  OpenMiddleware open_;
  SharedHandler message_;
  CloseHook close_;
  std::list<ControllerBook> controllers_;  // they are referred to
  std::map<std::string, int> ids_;
};

/// One command, or what stands in for one.
struct SealedCommand {
  SharedHandler handler = {};  ///< nullptr of what is not known
  MessageChain chain = {};
  std::optional<DataType> opcode = {};
  std::chrono::milliseconds deadline{0};
  bool known = true;
};

class SealedModule {
 public:
  /// Throws std::invalid_argument: its default command was named and is none.
  SealedModule(const ModuleBook& book, const MessageMiddlewareTable& middleware);

  const std::string& name() const { return name_; }
  /// What the path's variables have to match.
  const std::map<std::string, std::string>& params() const { return params_; }
  const std::shared_ptr<const MessageParser>& parser() const { return parser_; }
  /// Innermost around the coming of a connection; empty functions where there is no hook.
  const HandshakeMiddleware& handshake() const { return handshake_; }
  const OpenMiddleware& open() const { return open_; }
  const CloseHook& on_close() const { return close_; }

  /// Takes every message; nullptr: they are commands.
  const SealedCommand* own_parsing() const { return own_ ? &*own_ : nullptr; }
  /// The id of what a message names, without blanks around it; the default one when it names none.
  std::string_view id_of(std::string_view cmd) const;
  /// nullptr: unknown.
  const SealedCommand* find(std::string_view id) const;
  /// Stands in for unknown commands behind all middleware; nullptr: they are refused before any
  /// middleware sees them.
  const SealedCommand* unknown() const { return unknown_ ? &*unknown_ : nullptr; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::string name_, default_command_;
  std::map<std::string, std::string> params_;
  std::shared_ptr<const MessageParser> parser_;
  std::optional<SealedCommand> own_, unknown_;
  HandshakeMiddleware handshake_;
  OpenMiddleware open_;
  CloseHook close_;
  std::unordered_map<std::string, SealedCommand, Hash, std::equal_to<>> commands_;
};

}  // namespace weft::framework
