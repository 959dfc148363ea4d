#include "framework/handshake.hpp"

#include "framework/request_of.hpp"
#include "node/channel_name.hpp"
#include "transport/upgrade.hpp"
#include "wire/http/header.hpp"

namespace weft::framework {
namespace {

metrics::Counter& rejected(LoopContext& context, const char* reason) {
  return context.metrics().counter("weft_handshake_rejected_total",
                                   "requests and handshakes refused, by reason", reason);
}

std::vector<transport::HttpHeader> headers_of(std::vector<Header> headers) {
  std::vector<transport::HttpHeader> out;
  for (Header& one : headers) out.push_back({std::move(one.name), std::move(one.value)});
  return out;
}

/// A body without the line's end.
std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

constexpr bool is_final(int status) { return status >= 200 && status <= 599; }

const Refusal kFailed{500, "the handshake failed\n", {}};

}  // namespace

/// One handshake on its way through the middleware. The coroutine holds it, also when nobody waits
/// for its result any more.
struct HandshakeGate::Visit {
  explicit Visit(std::shared_ptr<const Request> its_request)
      : request(std::move(its_request)), handshake{*request, {}, {}, {}, {}, {}} {}

  std::shared_ptr<const Request> request;
  Handshake handshake;
  std::function<void(Verdict)> decided;  // empty: the exchange was given up
  HandshakeResult result;
  Coroutines::Handle coroutine;
};

HandshakeGate::HandshakeGate(LoopContext& context, std::string path, HandshakeOnion onion)
    : context_(context),
      path_(std::move(path)),
      onion_(std::make_shared<const HandshakeOnion>(std::move(onion))),
      refused_(rejected(context, "reason=\"middleware\"")),
      threw_(rejected(context, "reason=\"middleware_threw\"")),
      given_up_(rejected(context, "reason=\"middleware_unfinished\"")) {}

std::unique_ptr<HandshakeGate> HandshakeGate::make(LoopContext& context, const std::string& path,
                                                   const HandshakeMiddleware& innermost) {
  HandshakeOnion onion;
  onion.add(context.application().everywhere().handshake);
  if (const PathParts* own = context.application().find(path)) onion.add(own->handshake);
  onion.add(innermost);
  const bool is_watched = context.has_subscriber<HandshakeBefore>() ||
                          context.has_subscriber<HandshakeSuccess>() ||
                          context.has_subscriber<HandshakeError>();
  if (onion.empty() && !is_watched) return nullptr;
  return std::make_unique<HandshakeGate>(context, path, std::move(onion));
}

void HandshakeGate::judge(std::shared_ptr<transport::HttpExchange> exchange,
                          PathParameters parameters, std::function<void(Verdict)> decided) {
  auto visit =
      std::make_shared<Visit>(std::make_shared<const Request>(request_of(*exchange->request())));
  visit->handshake.parameters = std::move(parameters);
  visit->decided = std::move(decided);
  context_.raise(HandshakeBefore{context_.server(), *visit->request});
  if (onion_->empty()) return decide(*visit, nullptr);
  ask(std::move(visit), exchange);
}

void HandshakeGate::ask(SharedVisit visit,
                        const std::shared_ptr<transport::HttpExchange>& exchange) {
  exchange->answer_later([this, visit](transport::GivenUp why) {
    visit->decided = {};
    given_up_.add();
    const bool is_late = why == transport::GivenUp::too_late;
    context_.raise(HandshakeError{context_.server(), *visit->request, is_late ? 503 : 0,
                                  is_late ? "there was no answer in time" : "the client has gone"});
    context_.coroutines().cancel(visit->coroutine);
  });
  Task<void> work = walk(onion_, visit);
  auto ended = [this, visit](const Coroutines::Outcome& outcome) { decide(*visit, outcome.error); };
  visit->coroutine = context_.coroutines().spawn(std::move(work), std::move(ended));
}

Task<void> HandshakeGate::walk(std::shared_ptr<const HandshakeOnion> onion, SharedVisit visit) {
  visit->result = co_await onion->run(visit->handshake);
}

void HandshakeGate::decide(Visit& visit, const std::exception_ptr& error) {
  const auto decided = std::exchange(visit.decided, {});
  if (!decided) return;
  if (error) {
    failed(visit, what_of(error));
    return decided(refusal_of(visit, kFailed));
  }
  if (visit.result) {
    refused_.add();
    return decided(refusal_of(visit, std::move(*visit.result)));
  }
  Handshake& handshake = visit.handshake;
  Verdict verdict;
  verdict.extras.headers = headers_of(std::move(handshake.headers));
  if (!transport::are_settable(verdict.extras.headers)) {
    failed(visit, "it set a header that no 101 may have");
    return decided(refusal_of(visit, kFailed));
  }
  if (!handshake.user.empty() && !is_user_name(handshake.user)) {
    failed(visit, "it named a user that no connection can be bound to");
    return decided(refusal_of(visit, kFailed));
  }
  if (!handshake.subprotocol.empty()) verdict.extras.subprotocol = std::move(handshake.subprotocol);
  verdict.arrival.parameters = std::move(handshake.parameters);
  verdict.arrival.attributes = std::move(handshake.attributes);
  verdict.arrival.user = std::move(handshake.user);
  verdict.arrival.seen_request = visit.request;
  decided(std::move(verdict));
}

Verdict HandshakeGate::refusal_of(const Visit& visit, Refusal refusal) {
  auto headers = headers_of(std::move(refusal.headers));
  if (!is_final(refusal.status) || !transport::are_settable(headers)) {
    log::error("a handshake middleware of {} refused with a status or header that no answer has",
               path_);
    headers.clear();
    refusal = kFailed;
  }
  context_.raise(
      HandshakeError{context_.server(), *visit.request, refusal.status, first_line(refusal.body)});
  Verdict verdict;
  transport::HttpResponse& response = verdict.refusal.emplace();
  response.status = refusal.status;
  response.body = std::move(refusal.body);
  response.close = true;
  for (transport::HttpHeader& header : headers)
    if (http::equals_ignoring_case(header.name, "content-type"))
      response.content_type = std::move(header.value);
    else
      response.headers.push_back(std::move(header));
  return verdict;
}

// The client learns nothing of what it was.
void HandshakeGate::failed(Visit& visit, std::string_view what) {
  threw_.add();
  log::error("a handshake middleware of {} threw at {}: {}", path_, visit.request->remote_addr,
             what);
}

void HandshakeGate::on_success(const transport::HttpRequest& request) {
  if (!context_.has_subscriber<HandshakeSuccess>()) return;
  const Request seen = request_of(request);
  context_.raise(HandshakeSuccess{context_.server(), seen});
}

void HandshakeGate::on_refused(const transport::HttpRequest& request, int status,
                               std::string_view why) {
  if (!context_.has_subscriber<HandshakeError>()) return;
  const Request seen = request_of(request);
  context_.raise(HandshakeError{context_.server(), seen, status, first_line(why)});
}

}  // namespace weft::framework
