// HandshakeGate: the framework's judge of handshakes: lifecycle events, and the onion of handshake
// middleware with the module's own hook inside. A client that goes while the middleware waits, or a
// deadline that passes, cancels it.
#pragma once
#include <memory>
#include <string>

#include "framework/loop_context.hpp"
#include "framework/onion.hpp"
#include "node/handshake_judge.hpp"
#include "weft/middleware.hpp"

namespace weft::framework {

using HandshakeOnion = Onion<Handshake, Refusal>;

class HandshakeGate final : public HandshakeJudge {
 public:
  HandshakeGate(LoopContext& context, std::string path, HandshakeOnion onion);

  /// A gate for a path; nullptr when nobody is to be asked or told: then a handshake costs what it
  /// costs without the framework. `innermost` may be empty.
  static std::unique_ptr<HandshakeGate> make(LoopContext& context, const std::string& path,
                                             const HandshakeMiddleware& innermost);

  void judge(std::shared_ptr<transport::HttpExchange> exchange, PathParameters parameters,
             std::function<void(Verdict)> decided) override;
  void on_success(const transport::HttpRequest& request) override;
  void on_refused(const transport::HttpRequest& request, int status, std::string_view why) override;

 private:
  struct Visit;
  using SharedVisit = std::shared_ptr<Visit>;

  void ask(SharedVisit visit, const std::shared_ptr<transport::HttpExchange>& exchange);
  static Task<void> walk(std::shared_ptr<const HandshakeOnion> onion, SharedVisit visit);
  void decide(Visit& visit, const std::exception_ptr& error);
  Verdict refusal_of(const Visit& visit, Refusal refusal);
  void failed(Visit& visit, std::string_view what);

  LoopContext& context_;
  std::string path_;
  std::shared_ptr<const HandshakeOnion> onion_;
  metrics::Counter &refused_, &threw_, &given_up_;
};

}  // namespace weft::framework
