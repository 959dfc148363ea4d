#include "framework/module.hpp"

#include <stdexcept>

#include "node/segment_regex.hpp"

namespace weft::framework {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

SharedHandler share(CommandHandler handler) {
  return std::make_shared<const CommandHandler>(std::move(handler));
}

}  // namespace

// --- what a program says

ControllerBook::ControllerBook(ModuleBook& module, std::string prefix)
    : module_(module), prefix_(without_blanks(prefix)) {}

Controller& ControllerBook::use(MessageMiddleware middleware) {
  middleware_.push_back(share(std::move(middleware)));
  return *this;
}

Controller& ControllerBook::add(std::string name, CommandHandler handler, CommandOptions options) {
  std::string id(without_blanks(name));
  if (id.empty()) throw std::invalid_argument(module_.path() + ": a command needs a name");
  if (!options.root && !prefix_.empty()) id = prefix_ + '.' + id;
  module_.claim(id);
  std::vector<SharedMiddleware> inner;
  for (MessageMiddleware& middleware : options.use) inner.push_back(share(std::move(middleware)));
  entries_.push_back(
      {std::move(id), share(std::move(handler)), std::move(options), std::move(inner)});
  return *this;
}

void ModuleBook::claim(const std::string& id) {
  if (ids_[id]++) throw std::invalid_argument(path_ + ": there is a command " + id + " already");
}

Module& ModuleBook::param(std::string name, std::string regex) {
  if (path_.find('{' + name + '}') == path_.npos)
    throw std::invalid_argument(path_ + ": there is no {" + name + "} in it");
  const SegmentRegex judged(regex);  // throws when it is none
  params_[std::move(name)] = std::move(regex);
  return *this;
}

Module& ModuleBook::name(std::string name) {
  name_ = std::move(name);
  return *this;
}

Module& ModuleBook::parser(std::shared_ptr<const MessageParser> parser) {
  parser_ = std::move(parser);
  return *this;
}

Module& ModuleBook::default_command(std::string id) {
  default_command_ = without_blanks(id);
  named_default_ = true;
  return *this;
}

Module& ModuleBook::default_opcode(DataType type) {
  default_opcode_ = type;
  return *this;
}

Module& ModuleBook::pre_check(bool before_middleware) {
  pre_check_ = before_middleware;
  return *this;
}

Module& ModuleBook::use(MessageMiddleware middleware) {
  middleware_.push_back(share(std::move(middleware)));
  return *this;
}

Controller& ModuleBook::controller(std::string prefix) {
  return controllers_.emplace_back(*this, std::move(prefix));
}

Module& ModuleBook::set_handshake(HandshakeMiddleware innermost) {
  handshake_ = std::move(innermost);
  return *this;
}

Module& ModuleBook::set_open(OpenMiddleware innermost) {
  open_ = std::move(innermost);
  return *this;
}

Module& ModuleBook::set_message(CommandHandler handler) {
  message_ = share(std::move(handler));
  return *this;
}

Module& ModuleBook::set_close(CloseHook hook) {
  close_ = std::move(hook);
  return *this;
}

// --- what loops ask

SealedModule::SealedModule(const ModuleBook& book, const MessageMiddlewareTable& middleware)
    : name_(book.name_.empty() ? book.path_ : book.name_),
      default_command_(book.default_command_),
      params_(book.params_),
      parser_(book.parser_),
      handshake_(book.handshake_),
      open_(book.open_),
      close_(book.close_) {
  const MessageChain of_module = middleware.chain(book.path_, book.middleware_);
  if (book.message_)
    own_ =
        SealedCommand{.handler = book.message_, .chain = of_module, .opcode = book.default_opcode_};
  if (!book.pre_check_ && !of_module.empty())
    unknown_ = SealedCommand{.chain = of_module, .known = false};
  for (const ControllerBook& controller : book.controllers_)
    for (const ControllerBook::Entry& entry : controller.entries_) {
      std::vector<SharedMiddleware> inner = book.middleware_;
      inner.insert(inner.end(), controller.middleware_.begin(), controller.middleware_.end());
      inner.insert(inner.end(), entry.middleware.begin(), entry.middleware.end());
      SealedCommand& command = commands_[entry.id];
      command.handler = entry.handler;
      command.chain = middleware.chain(book.path_, inner);
      command.opcode = entry.options.opcode ? entry.options.opcode : book.default_opcode_;
      command.deadline = entry.options.deadline;
    }
  if (book.named_default_ && !commands_.empty() && !find(default_command_))
    throw std::invalid_argument(name_ + ": the default command " + default_command_ +
                                " is no command of the module");
}

std::string_view SealedModule::id_of(std::string_view cmd) const {
  const std::string_view id = without_blanks(cmd);
  return id.empty() ? std::string_view(default_command_) : id;
}

const SealedCommand* SealedModule::find(std::string_view id) const {
  const auto found = commands_.find(id);
  return found == commands_.end() ? nullptr : &found->second;
}

}  // namespace weft::framework
