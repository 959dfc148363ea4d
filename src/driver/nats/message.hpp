// Message: what came from NATS. Owns libnats' own object, so nothing is copied on the way from the
// socket to who reads it.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct __natsMsg;

namespace weft::nats {

struct Header {
  std::string name, value;
};
using Headers = std::vector<Header>;

/// One thread at a time. Views are good as long as the message.
class Message {
 public:
  explicit Message(__natsMsg* owned = nullptr) : message_(owned) {}

  std::string_view subject() const;
  std::string_view reply() const;  ///< where an answer goes, "" = nowhere
  std::span<const std::byte> bytes() const;
  std::string_view text() const;                    ///< the same
  std::string_view header(const char* name) const;  ///< "" = it has none of this name
  /// Of a message that the server itself sent in place of an answer: 404, 408, 503 … 0 = it is
  /// none.
  int status() const;
  std::size_t size() const;  ///< of subject, headers and bytes, about

 private:
  struct Destroy {
    void operator()(__natsMsg* message) const;
  };
  std::unique_ptr<__natsMsg, Destroy> message_;
};

}  // namespace weft::nats
