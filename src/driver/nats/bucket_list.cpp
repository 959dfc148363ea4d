// Bucket: keys that are not in the copy, by a consumer that lives as long as the question.
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "driver/nats/bucket.hpp"

namespace weft::nats {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTimeout{3'000};

}  // namespace

/// Messages on their way. Ends when all are there, or the server says that there are no more.
struct Bucket::Listing {
  std::vector<Message> messages;
  std::size_t wanted = 0;
  bool has_ended = false;
  bool is_done() const { return has_ended || messages.size() >= wanted; }
};

Task<error_code> Bucket::list(Self self, std::string keys, std::size_t limit, OnFound on_found) {
  const auto listing = std::make_shared<Listing>();
  listing->wanted = limit;
  auto on_message = [weak = std::weak_ptr(self), listing](Message message) {
    if (message.status() == 0)
      listing->messages.push_back(std::move(message));
    else
      listing->has_ended = true;
    if (const Self here = weak.lock()) here->bell_.ring();
  };
  const std::string name = self->new_name(), place = self->stream_ + "." + name;
  const std::string inbox = self->client_.open_inbox(std::move(on_message), place);
  json::object config;
  config["name"] = name;
  config["deliver_policy"] = "all";
  config["filter_subject"] = self->root_ + keys;
  error_code error = co_await make_consumer(self, std::move(config));
  if (!error) {
    json::object next;
    next["batch"] = limit;
    next["no_wait"] = true;
    const std::string bytes = json::serialize(next);
    error = self->client_.publish("$JS.API.CONSUMER.MSG.NEXT." + place, as_bytes(bytes), {}, inbox);
    if (!error) error = co_await until_listed(self, listing);
  }
  self->client_.close_inbox(inbox);
  self->client_.publish("$JS.API.CONSUMER.DELETE." + place, {});
  if (error) co_return self->failed(error);
  for (const Message& message : listing->messages) {
    if (!message.subject().starts_with(self->root_)) continue;
    on_found(message.subject().substr(self->root_.size()), message.text());
  }
  co_return error_code{};
}

Task<error_code> Bucket::until_listed(Self self, std::shared_ptr<Listing> listing) {
  const auto deadline = Clock::now() + kTimeout;
  while (!listing->is_done()) {
    const std::uint64_t rings = self->bell_.rings();
    if (!self->client_.is_up()) co_return NatsErrc::lost;
    if (Clock::now() >= deadline) co_return NatsErrc::timed_out;
    co_await self->bell_.wait(rings, deadline);
  }
  co_return error_code{};
}

}  // namespace weft::nats
