// What an API connection does with connections and channels: send, publish, call, watch.
#include <fmt/format.h>

#include <algorithm>

#include "api/connmix_session.hpp"

namespace weft::api {
namespace {

using connmix::ErrorCode;

constexpr std::size_t kMaxWatched = 1000;  // channels

}  // namespace

void ConnmixSession::run(connmix::Send& send) {
  const SharedBytes data = SharedBytes::copy_of(send.data);
  auto done = [self = shared_from_this(), number = now_, channel = std::move(send.or_channel),
               type = send.type, data](error_code error) {
    if (!error)
      return self->answer(number, connmix::sent_reply(self->answers_.asked(number)));
    if (error == NodeErrc::no_such_connection && !channel.empty())
      return self->publish_instead(number, channel, type, data);
    self->fail(number, ErrorCode::send_failed, error.message());
  };
  node_.send(loop_, send.to, send.type, data, std::move(done));
}

/// The synchronous PHP client publishes by mesh.send; to it a channel of digits looks like a
/// connection's id.
void ConnmixSession::publish_instead(Number number, const std::string& channel, DataType type,
                                     const SharedBytes& data) {
  node_.publish(loop_, channel, type, data,
                [self = shared_from_this(), number](Result<PublishCount> count) {
                  if (count && count->success + count->fail > 0)
                    return self->published(number, count);
                  const error_code unsent = NodeErrc::no_such_connection;
                  self->fail(number, ErrorCode::send_failed, unsent.message());
                });
}

void ConnmixSession::run(const connmix::Publish& publish) {
  node_.publish(loop_, publish.channel, publish.type, SharedBytes::copy_of(publish.data),
                [self = shared_from_this(), number = now_](Result<PublishCount> count) {
                  self->published(number, count);
                });
}

void ConnmixSession::published(Number number, const Result<PublishCount>& count) {
  if (count) return answer(number, connmix::published_reply(answers_.asked(number), *count));
  const bool invalid = count.error() == NodeErrc::bad_channel;
  fail(number, invalid ? ErrorCode::invalid_params : ErrorCode::send_failed,
       count.error().message());
}

void ConnmixSession::run(const connmix::SetContext& set) {
  node_.set_context(loop_, set.of, set.object, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Subscribe& subscribe) {
  node_.subscribe(loop_, subscribe.who, subscribe.channels, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Unsubscribe& unsubscribe) {
  node_.unsubscribe(loop_, unsubscribe.who, unsubscribe.channels, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Close& close) {
  node_.close(loop_, close.who, close.code, close.reason, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Watch& watch) {
  std::vector<std::string> fresh;
  for (const std::string& channel : watch.channels)
    if (std::ranges::find(watched_, channel) == watched_.end()) fresh.push_back(channel);
  if (watched_.size() + fresh.size() > kMaxWatched)
    return fail(ErrorCode::watch_failed,
                fmt::format("at most {} channels on one connection", kMaxWatched));
  watch_style_ = current_.style;
  if (fresh.empty()) return ok();
  watched_.insert(watched_.end(), fresh.begin(), fresh.end());
  const WatchId id = node_.watch(
      loop_, fresh,
      [weak = weak_from_this()](const std::string& channel, DataType type,
                                const SharedBytes& data) {
        if (const auto self = weak.lock()) self->on_publication(channel, type, data);
      },
      [self = shared_from_this(), fresh](error_code error) {
        if (!error) return self->ok();
        std::erase_if(self->watched_,
                      [&](const std::string& name) { return std::ranges::count(fresh, name) > 0; });
        self->fail(ErrorCode::watch_failed, error.message());
      });
  if (connection_)
    watches_.push_back(id);
  else
    node_.unwatch(loop_, id);
}

void ConnmixSession::run(const connmix::Unwatch&) {
  for (const WatchId watch : std::exchange(watches_, {})) node_.unwatch(loop_, watch);
  watched_.clear();
  ok();
}

void ConnmixSession::on_publication(const std::string& channel, DataType type,
                                    const SharedBytes& data) {
  if (!connection_) return;
  if (is_choked()) return counters_.watch_drops.add();
  send(connmix::publication_event(watch_style_, channel, type, data.text()));
}

}  // namespace weft::api
