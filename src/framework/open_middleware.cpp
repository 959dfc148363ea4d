#include "framework/open_middleware.hpp"

#include "framework/opening.hpp"

namespace weft::framework {

OpenGate::OpenGate(LoopContext& context, std::string path, OpenOnion onion)
    : context_(context),
      path_(std::move(path)),
      onion_(std::make_shared<const OpenOnion>(std::move(onion))) {}

OpenGate OpenGate::make(LoopContext& context, const std::string& path,
                        const OpenMiddleware& innermost) {
  OpenOnion onion;
  onion.add(context.application().everywhere().open);
  if (const PathParts* own = context.application().find(path)) onion.add(own->open);
  onion.add(innermost);
  return OpenGate(context, path, std::move(onion));
}

void OpenGate::run(const std::shared_ptr<LiveConnection>& connection,
                   std::function<void()> opened) {
  if (onion_->empty()) return opened();
  connection->hold();
  auto opening = std::make_shared<Opening>();
  connection->set_opening(opening);
  auto visit = std::make_shared<Visit>();
  visit->connection = connection;
  visit->opened = std::move(opened);
  Task<void> work = walk(onion_, visit);
  auto ended = [this, visit](const Coroutines::Outcome& outcome) { decide(*visit, outcome.error); };
  opening->coroutine = context_.coroutines().spawn(std::move(work), std::move(ended));
}

Task<void> OpenGate::walk(std::shared_ptr<const OpenOnion> onion, SharedVisit visit) {
  visit->result = co_await onion->run(*visit->connection);
}

void OpenGate::decide(Visit& visit, const std::exception_ptr& error) {
  LiveConnection& connection = *visit.connection;
  if (!connection.is_opening()) return;  // given up
  if (error) {
    log::error("an open middleware of {} threw on connection {}: {}", path_,
               to_string(connection.id()), what_of(error));
    context_.counters().threw.add();
    return refuse(connection, CloseCode::internal_error, "the connection could not be opened");
  }
  if (visit.result) return refuse(connection, visit.result->code, visit.result->reason);
  connection.set_opening(nullptr);
  visit.opened();
  connection.release();
}

// It stays closed to everybody until its client has answered: no message of it is handled.
void OpenGate::refuse(LiveConnection& connection, CloseCode code, std::string_view reason) {
  context_.raise(OpenError{connection, reason});
  if (connection.close(code, reason)) return;
  log::error("an open middleware of {} refused with a close code or reason that cannot be sent",
             path_);
  (void)connection.close(CloseCode::policy_violation, "refused");
}

void OpenGate::give_up(LiveConnection& connection) {
  const std::shared_ptr<Opening> opening = connection.opening();
  connection.set_opening(nullptr);
  if (opening->waiting) opening->waiting->cancel();
  if (context_.coroutines().cancel(opening->coroutine))
    context_.raise(OpenError{connection, "the client has gone"});
}

}  // namespace weft::framework
