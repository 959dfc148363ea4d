#include "framework/commands_dialect.hpp"

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "framework/parser_converter.hpp"

namespace weft::framework {
namespace {

constexpr std::size_t kRunsToKeep = 16;
constexpr std::string_view kUnknown = "unknown_command";

std::string no_command(const CommandMessage& message) {
  return fmt::format("there is no command {}", message.event());
}

// The hook runs behind the end of the connection, which keeps its own copy of how that was.
Task<void> close_later(std::shared_ptr<const SealedModule> module,
                       std::shared_ptr<LiveConnection> connection, CloseInfo info) {
  co_await module->on_close().coroutine(*connection, info);
}

std::shared_ptr<LiveConnection> kept(LiveConnection& connection) {
  return std::static_pointer_cast<LiveConnection>(connection.shared_from_this());
}

}  // namespace

Codec codec_of(const SealedModule& module) {
  Codec codec;
  codec.converter = std::make_shared<const ParserConverter>(module.parser());
  return codec;
}

CommandsDialect::CommandsDialect(LoopContext& context, Rules rules,
                                 std::shared_ptr<const SealedModule> module, Audience& audience,
                                 bool errors)
    : FrameworkDialect(context, std::move(rules)),
      module_(std::move(module)),
      audience_(audience),
      errors_(errors) {}

// --- a message

void CommandsDialect::on_message(LiveConnection& connection, DataType type,
                                 std::span<const std::byte> payload) {
  SharedRun run = take_run();
  run->message.take(connection.id(), type, payload);
  run->command = choose(connection, *run);
  if (!run->command) return give_back(std::move(run));
  run->reply.emplace(connection, audience_, *module_->parser(), std::string(run->message.event()),
                     run->command->opcode);
  run->context.emplace(
      MessageContext{connection, run->message, run->message.event(), &*run->reply});
  run->call.emplace(
      CommandCall{*run->context, run->message.frame(), run->message.parsed(), *run->reply});
  if (run->command->chain.empty() && run->command->handler->plain)
    call(connection, std::move(run));
  else
    wait_for(connection, std::move(run));
}

std::shared_ptr<const Message> CommandsDialect::decode(LiveConnection& connection, DataType type,
                                                       std::span<const std::byte> payload) {
  auto message = std::make_shared<CommandMessage>();
  message->take(connection.id(), type, payload);
  if (module_->own_parsing())
    message->leave_unparsed();
  else if (!message->parse(*module_->parser()))
    message->set_id(module_->id_of(message->parsed().cmd));
  message->keep();
  return message;
}

// What the message wants; nullptr: nothing that we have, and the client has been told.
const SealedCommand* CommandsDialect::choose(LiveConnection& connection, Run& run) {
  const SealedCommand* command = module_->own_parsing();
  if (command) {
    run.message.leave_unparsed();
  } else if (const error_code bad = run.message.parse(*module_->parser())) {
    context().counters().refused.add();
    tell(connection, "bad_message", bad.message(), "");
    return nullptr;
  } else {
    run.message.set_id(module_->id_of(run.message.parsed().cmd));
    command = module_->find(run.message.event());
  }
  context().raise(MessageReceived{connection, run.message});
  context().raise(RecvMessage{connection, run.message});
  if (command) return command;
  if (!module_->unknown()) unknown(connection, run);
  return module_->unknown();
}

void CommandsDialect::call(LiveConnection& connection, SharedRun run) {
  try {
    run->command->handler->plain(*run->call);
  } catch (...) {
    threw(connection, *run, std::current_exception());
    return done(connection, std::move(run));
  }
  finish(connection, std::move(run));
}

void CommandsDialect::wait_for(LiveConnection& connection, SharedRun run) {
  run->message.keep();
  connection.hold();
  auto held = kept(connection);
  const Millis deadline = run->command->deadline;
  Task<void> work = walk(run, held);
  auto ended = [this, held, run](const Coroutines::Outcome& outcome) {
    if (outcome.late)
      late(*held, *run);
    else if (outcome.error)
      threw(*held, *run, outcome.error);
    else
      return finish(*held, run);
    done(*held, run);
  };
  context().coroutines().spawn(std::move(work), std::move(ended), deadline);
}

// Through the middleware, and back. Holds what handlers were given, also when nobody waits for
// them any more.
Task<void> CommandsDialect::walk(SharedRun run, std::shared_ptr<LiveConnection> /*connection*/) {
  MessageChain::Handler handler = [run] { return handle(run); };
  run->refusal = co_await run->command->chain.run(*run->context, std::move(handler));
}

Task<MessageResult> CommandsDialect::handle(SharedRun run) {
  if (!run->command->known)
    co_return MessageRefusal{no_command(run->message), std::string(kUnknown)};
  const CommandHandler& handler = *run->command->handler;
  if (handler.coroutine)
    co_await handler.coroutine(*run->call);
  else
    handler.plain(*run->call);
  co_return MessageResult();
}

void CommandsDialect::finish(LiveConnection& connection, SharedRun run) {
  if (run->refusal) {
    refuse(connection, *run);
  } else {
    run->reply->send();
    context().raise(MessageHandled{connection, run->message});
  }
  done(connection, std::move(run));
}

void CommandsDialect::done(LiveConnection& connection, SharedRun run) {
  if (connection.is_held()) connection.release();
  give_back(std::move(run));
}

// --- what went wrong

void CommandsDialect::refuse(LiveConnection& connection, const Run& run) {
  if (!run.command->known) return unknown(connection, run);
  context().counters().middleware.add();
  tell(connection, run.refusal->code, run.refusal->reason, run.message.event());
}

void CommandsDialect::unknown(LiveConnection& connection, const Run& run) {
  context().counters().unknown_command.add();
  const std::string why = run.refusal ? run.refusal->reason : no_command(run.message);
  log::debug("connection {} on {}: {}", to_string(connection.id()), module_->name(), why);
  tell(connection, run.refusal ? run.refusal->code : kUnknown, why, run.message.event());
}

void CommandsDialect::threw(LiveConnection& connection, const Run& run, std::exception_ptr error) {
  context().counters().threw.add();
  const std::string what = what_of(error);
  log::error("command \"{}\" of {} threw on connection {}: {}", run.message.event(),
             module_->name(), to_string(connection.id()), what);
  context().raise(HandlerException{connection, run.message, error, what});
  tell(connection, "failed", "the message could not be handled", run.message.event());
}

void CommandsDialect::late(LiveConnection& connection, Run& run) {
  context().counters().late.add();
  run.reply->expire();
  const std::string why = fmt::format("not done within {} ms", run.command->deadline.count());
  log::warn("command \"{}\" of {} on connection {}: {}", run.message.event(), module_->name(),
            to_string(connection.id()), why);
  tell(connection, "deadline", why, run.message.event());
}

void CommandsDialect::tell(LiveConnection& connection, std::string_view code, std::string_view why,
                           std::string_view cmd) {
  if (!errors_) return;
  std::string text;
  const DataType type = module_->parser()->encode_problem({code, why, cmd}, text);
  connection.send_raw(as_bytes(text), sendable_as(type, text));
}

// --- the end

void CommandsDialect::on_closed(LiveConnection& connection, const CloseInfo& info) {
  const CloseHook& hook = module_->on_close();
  if (hook.plain) try {
      hook.plain(connection, info);
    } catch (...) {
      close_threw(connection, std::current_exception());
    }
  if (!hook.coroutine) return;
  auto held = kept(connection);
  Task<void> work = close_later(module_, held, info);
  auto ended = [this, held](const Coroutines::Outcome& outcome) {
    if (outcome.error) close_threw(*held, outcome.error);
  };
  context().coroutines().spawn(std::move(work), std::move(ended));
}

void CommandsDialect::close_threw(LiveConnection& connection, std::exception_ptr error) {
  log::error("on_close of {} threw for connection {}: {}", module_->name(),
             to_string(connection.id()), what_of(error));
  context().raise(CloseError{connection, error});
}

// --- memory

CommandsDialect::SharedRun CommandsDialect::take_run() {
  if (runs_.empty()) return std::make_shared<Run>();
  SharedRun taken = std::move(runs_.back());
  runs_.pop_back();
  return taken;
}

void CommandsDialect::give_back(SharedRun run) {
  if (run.use_count() > 1 || runs_.size() >= kRunsToKeep) return;
  run->call.reset();
  run->context.reset();
  run->reply.reset();
  run->refusal.reset();
  run->message.clear();
  runs_.push_back(std::move(run));
}

}  // namespace weft::framework
