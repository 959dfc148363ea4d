// What a node says over the API: JSON text to answers and events. Understands the short style of
// every generation. Knows no connection; driven by link.cpp.
#pragma once
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "weft/client.hpp"

namespace weft::client {

/// The end of call `id`.
struct Answer {
  std::uint64_t id = 0;
  Reply reply;
};

/// A job of a consumed topic.
struct Event {
  ConnectionId client_id = ConnectionId::none;
  std::string topic, node, job;
  std::string data;  ///< JSON text
  unsigned attempt = 1;
};

struct Incoming {
  enum class Kind {
    nothing,  ///< asks nothing of us, such as a text pong
    answer,
    event
  };
  Kind kind = Kind::nothing;
  Answer answer;  ///< with kind answer
  Event event;    ///< with kind event
};

/// Reads one message after another; keeps its buffers between them.
class IncomingReader {
 public:
  /// Errors: bad_answer.
  Result<Incoming> read(std::string_view text);
  /// Reads the inside of an event: {"n":node,"c":client,"t":topic,"d":data}. Errors: bad_answer.
  Result<Event> read_job(std::string_view text);

 private:
  simdjson::ondemand::object open(std::string_view text);
  bool at_end();  // nothing follows the object

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::string padded_;  // simdjson reads a little beyond the end
};

}  // namespace weft::client
