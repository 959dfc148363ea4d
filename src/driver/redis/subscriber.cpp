#include "driver/redis/subscriber.hpp"

#include "base/bytes.hpp"
#include "driver/redis/words.hpp"

namespace weft::redis {

void Subscriber::start(Listener& listener) {
  listener_ = &listener;
  line_.start(*this);
}

void Subscriber::on_open() {
  acknowledged_ = 0;
  if (channels_.empty()) return listener_->on_subscribed();
  std::vector<std::string> words{"SUBSCRIBE"};
  words.insert(words.end(), channels_.begin(), channels_.end());
  if (const Result<std::string> command = encode(words)) line_.send(*command);
}

void Subscriber::on_reply(const Reply& reply) {
  const bool is_subscribed = acknowledged_ == channels_.size();
  if (reply.kind == Reply::Kind::error && !is_subscribed) {  // not allowed, too many clients …
    const std::string why = "SUBSCRIBE was refused: " + reply.text;
    line_.renew();
    return listener_->on_deaf(why);
  }
  if (reply.kind != Reply::Kind::list || reply.list.size() != 3) return;  // a PONG
  const std::string& kind = reply.list[0].text;
  if (kind == "message")
    return listener_->on_message(reply.list[1].text, as_bytes(reply.list[2].text));
  if (kind == "subscribe" && ++acknowledged_ == channels_.size()) listener_->on_subscribed();
}

}  // namespace weft::redis
