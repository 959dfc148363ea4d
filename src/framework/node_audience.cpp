#include "framework/node_audience.hpp"

#include <utility>

namespace weft::framework {
namespace {

Outbound as_they_are(const std::string& bytes, DataType type) {
  return {.type = type, .data = SharedBytes::copy_of(bytes)};
}

}  // namespace

Answer<Delivered> NodeAudience::send_some(std::vector<ConnectionId> to,
                                          std::vector<ConnectionId> except, std::string bytes,
                                          DataType type) {
  const Answer<Delivered>::Giver giver;
  node_.push_some(loop_, std::move(to), as_they_are(bytes, type), {.except = std::move(except)},
                  giver);
  return giver.answer();
}

Answer<Delivered> NodeAudience::send_all(std::vector<ConnectionId> except, std::string bytes,
                                         DataType type) {
  const Answer<Delivered>::Giver giver;
  node_.push_all(loop_, as_they_are(bytes, type), {.except = std::move(except)}, giver);
  return giver.answer();
}

Answer<Delivered> NodeAudience::send_channel(std::string channel, std::string bytes,
                                             DataType type) {
  const Answer<Delivered>::Giver giver;
  node_.publish(loop_, channel, as_they_are(bytes, type), [giver](Result<PublishCount> count) {
    Delivered delivered;
    if (count) delivered.queued = count->success, delivered.dropped = count->fail;
    giver.give(delivered);
  });
  return giver.answer();
}

}  // namespace weft::framework
