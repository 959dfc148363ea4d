// How a fan-out run publishes: a payload becomes the bytes that make the server deliver it. Pure
// values, once made; the run moves the bytes.
#pragma once
#include <string>
#include <string_view>

#include "bench/peer.hpp"
#include "bench/scenarios.hpp"

namespace weft::bench {

class Publisher {
 public:
  /// Throws BenchError for a URL or an escape that makes no sense.
  explicit Publisher(const FanoutOptions& options);

  /// Where the publishing connection goes; may block to resolve it.
  Peer peer() const { return make_peer(url_, headers_, 1, hello_); }

  /// `payload` needs no escaping in JSON.
  std::string bytes(std::string_view payload) const;

 private:
  enum class Form { http_json, http_text, message };

  Url url_;
  std::vector<std::string> headers_;
  std::string hello_, pattern_, channel_;
  Form form_;
};

}  // namespace weft::bench
