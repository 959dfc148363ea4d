// OpenGate: the onion of open middleware around a connection whose handshake is done. Until it has
// let the connection in, none of its messages is handled: they wait unread, so that none overtakes
// it.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "framework/live_connection.hpp"
#include "framework/onion.hpp"
#include "weft/middleware.hpp"

namespace weft::framework {

using OpenOnion = Onion<Connection, OpenRefusal>;

class OpenGate {
 public:
  OpenGate(LoopContext& context, std::string path, OpenOnion onion);

  /// The gate of a path, with what was registered for it; `innermost` may be empty.
  static OpenGate make(LoopContext& context, const std::string& path,
                       const OpenMiddleware& innermost);

  /// Calls `opened` when all have let it in: before this returns when there is nobody to ask. Else
  /// closes it, and raises OpenError.
  void run(const std::shared_ptr<LiveConnection>& connection, std::function<void()> opened);
  /// The client went while it was asked for: nobody has to decide any more.
  void give_up(LiveConnection& connection);

 private:
  struct Visit {
    std::shared_ptr<LiveConnection> connection;
    std::function<void()> opened;
    OpenResult result;
  };
  using SharedVisit = std::shared_ptr<Visit>;

  static Task<void> walk(std::shared_ptr<const OpenOnion> onion, SharedVisit visit);
  void decide(Visit& visit, const std::exception_ptr& error);
  void refuse(LiveConnection& connection, CloseCode code, std::string_view reason);

  LoopContext& context_;
  std::string path_;
  std::shared_ptr<const OpenOnion> onion_;
};

}  // namespace weft::framework
