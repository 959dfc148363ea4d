#include "framework/message_middleware.hpp"

#include <memory>
#include <stdexcept>

namespace weft::framework {

Task<MessageResult> MessageChain::run(MessageContext& context, Handler handler) const {
  return enter(*this, 0, context, std::move(handler));
}

Task<MessageResult> MessageChain::enter(const MessageChain& chain, std::size_t link,
                                        MessageContext& context, Handler handler) {
  if (link == chain.links_.size()) co_return co_await handler();
  MessageNext next = [&chain, link, &context, handler = std::move(handler),
                      called = std::make_shared<bool>(false)]() {
    if (std::exchange(*called, true)) throw std::logic_error("next() was called a second time");
    return enter(chain, link + 1, context, handler);
  };
  co_return co_await (*chain.links_[link])(context, std::move(next));
}

void MessageMiddlewareTable::add(MessageMiddleware middleware, MessageStage stage,
                                 std::string path) {
  stages_[static_cast<std::size_t>(stage)].push_back(
      {std::move(path), share(std::move(middleware))});
}

std::set<std::string> MessageMiddlewareTable::paths() const {
  std::set<std::string> all;
  for (const auto& stage : stages_)
    for (const Entry& entry : stage)
      if (!entry.path.empty()) all.insert(entry.path);
  return all;
}

MessageChain MessageMiddlewareTable::chain(std::string_view path,
                                           const std::vector<SharedMiddleware>& inner) const {
  MessageChain chain;
  const auto append = [&](MessageStage stage, bool of_path) {
    for (const Entry& entry : stages_[static_cast<std::size_t>(stage)])
      if (of_path ? entry.path == path : entry.path.empty()) chain.append(entry.middleware);
  };
  for (const MessageStage stage : {MessageStage::pre, MessageStage::global}) {
    append(stage, false);
    if (!path.empty()) append(stage, true);
  }
  chain.append(inner);
  append(MessageStage::after, false);
  if (!path.empty()) append(MessageStage::after, true);
  return chain;
}

}  // namespace weft::framework
