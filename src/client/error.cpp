#include <string>

#include "weft/client.hpp"

namespace weft::client {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weft.client"; }
  std::string message(int value) const override {
    switch (static_cast<ClientErrc>(value)) {
      case ClientErrc::refused:
        return "the node refused the call";
      case ClientErrc::disconnected:
        return "not connected to the node";
      case ClientErrc::timed_out:
        return "no answer in time";
      case ClientErrc::no_node:
        return "no such node is connected";
      case ClientErrc::would_deadlock:
        return "a handler may not wait for an answer; use the async_ form of the call";
      case ClientErrc::overloaded:
        return "too many bytes wait to be written to the node";
      case ClientErrc::not_utf8:
        return "text has to be UTF-8";
      case ClientErrc::stopped:
        return "the client was stopped";
      case ClientErrc::bad_answer:
        return "the peer broke the protocol";
      case ClientErrc::handshake_refused:
        return "the node refused the WebSocket";
      case ClientErrc::bad_directory:
        return "the directory gave no usable answer";
      case ClientErrc::job_lost:
        return "the job went back to its topic when its connection broke";
      case ClientErrc::handler_threw:
        return "a handler threw";
      case ClientErrc::no_such_connection:
        return "no such connection";
      case ClientErrc::queue_full:
        return "the message queue is full";
    }
    return "unknown client error";
  }
};

}  // namespace

error_code make_error_code(ClientErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::client
