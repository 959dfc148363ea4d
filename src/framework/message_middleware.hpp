// Which middleware stands around which message, and how a message walks through it. Filled before
// the loops run and only read then, by all of them. Knows neither dialect: the handler is handed
// in.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/message_middleware.hpp"

namespace weft::framework {

/// However many commands it stands around, a middleware is one object.
using SharedMiddleware = std::shared_ptr<const MessageMiddleware>;

inline SharedMiddleware share(MessageMiddleware middleware) {
  return std::make_shared<const MessageMiddleware>(std::move(middleware));
}

/// Middleware in the order it is entered.
class MessageChain {
 public:
  using Handler = std::function<Task<MessageResult>()>;

  void append(SharedMiddleware middleware) { links_.push_back(std::move(middleware)); }
  void append(const std::vector<SharedMiddleware>& middleware) {
    links_.insert(links_.end(), middleware.begin(), middleware.end());
  }

  /// Then call the handler without a coroutine.
  bool empty() const { return links_.empty(); }
  std::size_t size() const { return links_.size(); }

  /// Runs all of them around `handler`; gives the first one's result. What any of them throws comes
  /// out, through those around it. `context` and this chain must outlive the coroutine.
  Task<MessageResult> run(MessageContext& context, Handler handler) const;

 private:
  static Task<MessageResult> enter(const MessageChain& chain, std::size_t link,
                                   MessageContext& context, Handler handler);

  std::vector<SharedMiddleware> links_;
};

/// What the program gave to server.use_message().
class MessageMiddlewareTable {
 public:
  /// `path`: the one it is for; "" = every path of the framework.
  void add(MessageMiddleware middleware, MessageStage stage, std::string path);
  /// Those for which there is any of their own.
  std::set<std::string> paths() const;

  /// What stands around the messages of `path`. `inner` comes between global and after: what
  /// module, controller and command bring with them.
  MessageChain chain(std::string_view path, const std::vector<SharedMiddleware>& inner = {}) const;

 private:
  struct Entry {
    std::string path;
    SharedMiddleware middleware;
  };
  std::array<std::vector<Entry>, 3> stages_;
};

}  // namespace weft::framework
