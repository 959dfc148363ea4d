#include "driver/nats/answers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>
#include <utility>

#include "driver/nats/jetstream.hpp"

namespace weft::nats {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

void Waiting::give(std::size_t index, Message message) {
  answers[index] = std::move(message);
  if (--left == 0) timer.cancel();
}

void Waiting::fail(error_code why) {
  if (!error) error = why;
  timer.cancel();
}

Answers::Answers() : inbox_(fmt::format("_INBOX.{:016x}.", random_number())) {}

void Answers::expect(const std::shared_ptr<Waiting>& waiting) {
  waiting->first = last_number_ + 1;
  for (std::size_t i = 0; i < waiting->left; ++i)
    waiting_.emplace(++last_number_, Place{waiting, i});
}

void Answers::forget(const Waiting& waiting) {
  for (std::size_t i = 0; i < waiting.answers.size(); ++i) waiting_.erase(waiting.first + i);
}

void Answers::fail_all(error_code why) {
  for (const auto& [number, place] : std::exchange(waiting_, {})) place.waiting->fail(why);
}

std::string Answers::open_inbox(OnMessage on_message, std::string consumer) {
  const std::uint64_t number = ++last_number_;
  if (!consumer.empty()) consumers_[consumer] = number;
  inboxes_.emplace(number,
                   Inbox{std::make_shared<OnMessage>(std::move(on_message)), std::move(consumer)});
  return subject(number);
}

void Answers::close_inbox(std::string_view subject) {
  const auto found = inboxes_.find(number_of(subject));
  if (found == inboxes_.end()) return;
  const auto consumer = consumers_.find(found->second.consumer);
  if (consumer != consumers_.end() && consumer->second == found->first) consumers_.erase(consumer);
  inboxes_.erase(found);
}

void Answers::take(Message message) {
  const std::uint64_t number = receiver_of(message);
  if (const auto found = waiting_.find(number); found != waiting_.end()) {
    const Place place = found->second;
    waiting_.erase(found);
    place.waiting->give(place.index, std::move(message));
  } else if (const auto inbox = inboxes_.find(number); inbox != inboxes_.end()) {
    const auto hearer = inbox->second.hearer;  // it may close its inbox
    (*hearer)(std::move(message));
  }
}

/// 0 = nobody.
std::uint64_t Answers::receiver_of(const Message& message) const {
  if (message.subject().starts_with(inbox_)) return number_of(message.subject());
  const auto delivered = parse_delivered(message.reply());
  if (!delivered) return 0;
  const auto found = consumers_.find(fmt::format("{}.{}", delivered->stream, delivered->consumer));
  return found == consumers_.end() ? 0 : found->second;
}

std::uint64_t Answers::number_of(std::string_view subject) const {
  std::uint64_t number = 0;
  if (subject.starts_with(inbox_)) subject.remove_prefix(inbox_.size());
  std::from_chars(subject.data(), subject.data() + subject.size(), number);
  return number;
}

}  // namespace weft::nats
