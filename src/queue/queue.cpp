#include "queue/queue.hpp"

namespace weft::queue {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "queue"; }
  std::string message(int value) const override {
    switch (static_cast<QueueErrc>(value)) {
      case QueueErrc::full:
        return "the topic is full";
      case QueueErrc::no_such_topic:
        return "no such topic";
      case QueueErrc::too_many_topics:
        return "too many topics";
      case QueueErrc::bad_topic_name:
        return "a topic name has 1 to 255 bytes and no control characters";
      case QueueErrc::already_consuming:
        return "already consuming";
      case QueueErrc::no_such_job:
        return "no such job, or it was acknowledged or taken back before";
      case QueueErrc::stopped:
        return "the queue has stopped";
      case QueueErrc::unavailable:
        return "the server that keeps the topic cannot be reached";
      case QueueErrc::timed_out:
        return "the server that keeps the topic did not answer in time";
      case QueueErrc::not_owner:
        return "another node has this part of the topic now";
    }
    return "unknown queue error";
  }
};

}  // namespace

error_code make_error_code(QueueErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::queue
