// TLS 1.3 records after the handshake, as a client that holds the keys may send them: good ones,
// padded ones, key updates, alerts, nonsense inside a good seal, broken seals, raw bytes. Two runs
// over the same bytes must tell the same story: at once, and in random pieces. Data that was sealed
// before anything wrong must come out as it went in.
//
// Input: one byte for the suite, one that seeds the pieces, then orders of one byte, each followed
// by a length and that many bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "net/tls_records.hpp"

namespace {

using namespace weft;
using namespace weft::net;
using Bytes = std::vector<std::byte>;

constexpr std::array<std::uint32_t, 3> kSuites{0x1301, 0x1302, 0x1303};
constexpr std::uint8_t kAlert = 21, kHandshake = 22, kData = 23;

struct Story {
  std::string heard;
  std::string answered;
  bool failed = false;
  bool operator==(const Story&) const = default;
};

std::string drain(Outbox& out) {
  std::string text;
  while (!out.empty()) {
    iovec part{};
    out.gather({&part, 1});
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
    out.consume(part.iov_len);
  }
  return text;
}

/// The client's side: what it sends, and the data that the server must hear before any fault.
class Client {
 public:
  Client(const TlsSuite& suite, std::span<const std::byte> secret) : keys_(suite, secret) {}

  void obey(std::uint8_t order, std::span<const std::byte> body) {
    switch (order % 8) {
      case 0:
      case 1:
        seal(kData, body);
        if (is_good_) promised_ += as_text(body);
        break;
      case 2: {  // padded
        Bytes padded(body.begin(), body.end());
        padded.push_back(std::byte{kData});
        padded.resize(padded.size() + order / 8);
        seal(0, padded);  // the type that counts is the last byte that is not zero
        if (is_good_) promised_ += as_text(body);
        break;
      }
      case 3: {
        const std::array<std::byte, 5> update{std::byte{24}, std::byte{0}, std::byte{0},
                                              std::byte{1},
                                              order & 8 ? std::byte{1} : std::byte{0}};
        seal(kHandshake, update);
        keys_.renew();
        break;
      }
      case 4:
        seal(kAlert, body);
        is_good_ = false;
        break;
      case 5:
        seal(static_cast<std::uint8_t>(order / 8), body);
        is_good_ = false;
        break;
      case 6: {
        seal(kData, body);
        const std::size_t last = sent_.size() - 1;
        sent_[last] ^= std::byte{1};
        is_good_ = false;
        break;
      }
      case 7:
        sent_.insert(sent_.end(), body.begin(), body.end());
        is_good_ = is_good_ && body.empty();
    }
  }

  const Bytes& sent() const { return sent_; }
  const std::string& promised() const { return promised_; }
  bool is_good() const { return is_good_; }

 private:
  void seal(std::uint8_t type, std::span<const std::byte> body) {
    Outbox out;
    keys_.seal(type, {&body, 1}, out);
    const std::string record = drain(out);
    const auto bytes = as_bytes(record);
    sent_.insert(sent_.end(), bytes.begin(), bytes.end());
  }

  TlsKeys keys_;
  Bytes sent_;
  std::string promised_;
  bool is_good_ = true;
};

template <class NextSize>
Story listen(const TlsSuite& suite, std::span<const std::byte> client,
             std::span<const std::byte> server, std::span<const std::byte> sent,
             NextSize next_size) {
  TlsRecords records(suite, client, server);
  Bytes plain(128 << 10);
  Outbox out;
  Story story;
  while (!sent.empty() && !story.failed) {
    std::span<const std::byte> piece = sent.first(std::min(sent.size(), next_size()));
    sent = sent.subspan(piece.size());
    for (;;) {
      const Result<std::size_t> got = records.read(piece, plain, out);
      if (!got) {
        story.failed = true;
        break;
      }
      if (*got == 0) break;
      story.heard += as_text(std::span(plain).first(*got));
    }
    check(story.failed || piece.empty(), "all is taken while nothing is wrong");
  }
  story.answered = drain(out);
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const TlsSuite& suite = *tls_suite(kSuites[data[0] % kSuites.size()]);
  const Bytes secret_of_client(secret_size(suite), std::byte{1}),
      secret_of_server(secret_size(suite), std::byte{2});
  Client client(suite, secret_of_client);
  const auto input = std::as_bytes(std::span(data, size));
  for (std::size_t at = 2; at + 2 <= size;) {
    const std::size_t body = std::min<std::size_t>(data[at + 1], size - at - 2);
    client.obey(data[at], input.subspan(at + 2, body));
    at += 2 + body;
  }

  const auto all = [] { return SIZE_MAX; };
  const Story whole = listen(suite, secret_of_client, secret_of_server, client.sent(), all);
  std::minstd_rand random(data[1]);
  const auto pieces = [&random] { return std::size_t{1} + random() % 50; };
  const Story pieced = listen(suite, secret_of_client, secret_of_server, client.sent(), pieces);
  check(whole == pieced, "pieces do not change what is heard and answered");
  check(whole.heard.starts_with(client.promised()), "what was sealed well is heard");
  check(!client.is_good() || (whole.heard == client.promised() && !whole.failed),
        "and nothing else, while nothing is wrong");
  return 0;
}
