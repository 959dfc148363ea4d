#include "framework/loop_context.hpp"

namespace weft::framework {
namespace {

constexpr std::size_t kMessagesToKeep = 16;

LoopContext::Counters counters_in(metrics::Registry& metrics) {
  const char* failed = "weft_framework_failures_total";
  const char* help = "messages and calls of the framework that failed, by reason";
  return {metrics.counter("weft_framework_messages_total", "messages that reached the framework"),
          metrics.counter(failed, help, "reason=\"bad_message\""),
          metrics.counter(failed, help, "reason=\"unknown_event\""),
          metrics.counter(failed, help, "reason=\"listener_threw\""),
          metrics.counter(failed, help, "reason=\"deadline\""),
          metrics.counter(failed, help, "reason=\"subscriber_threw\""),
          metrics.counter(failed, help, "reason=\"unknown_command\""),
          metrics.counter(failed, help, "reason=\"middleware\"")};
}

}  // namespace

std::string what_of(const std::exception_ptr& error) try {
  std::rethrow_exception(error);
} catch (const std::exception& known) {
  return known.what();
} catch (...) {
  return "something that is not a std::exception";
}

LoopContext::LoopContext(const Application& application, Place& place, metrics::Registry& metrics)
    : application_(application),
      place_(place),
      metrics_(metrics),
      coroutines_(place.loop()),
      counters_(counters_in(metrics)) {}

std::shared_ptr<DecodedMessage> LoopContext::take_message() {
  if (messages_.empty()) return std::make_shared<DecodedMessage>();
  auto taken = std::move(messages_.back());
  messages_.pop_back();
  return taken;
}

void LoopContext::give_back(std::shared_ptr<DecodedMessage> message) {
  if (message.use_count() > 1) return;  // a listener that is late still reads it
  message->clear();
  if (messages_.size() < kMessagesToKeep) messages_.push_back(std::move(message));
}

void LoopContext::subscriber_threw(std::exception_ptr error) {
  counters_.subscriber_threw.add();
  log::error("a subscriber of a lifecycle event threw: {}", what_of(error));
}

}  // namespace weft::framework
