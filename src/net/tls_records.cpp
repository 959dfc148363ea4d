#include "net/tls_records.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>

#include "base/bytes.hpp"

namespace weft::net {

// RFC 8446 section 6.
enum class TlsRecords::Alert : std::uint8_t {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  record_overflow = 22,
  decode_error = 50,
  user_canceled = 90,
};

namespace {

constexpr std::uint8_t kAlert = 21, kHandshake = 22, kData = 23;
constexpr std::byte kKeyUpdate{24};
constexpr std::size_t kFramesPerRecord = 64;

}  // namespace

std::unique_ptr<TlsRecords> TlsRecords::take_over(const TlsSuite& suite,
                                                  std::span<const std::byte> client_secret,
                                                  std::span<const std::byte> server_secret,
                                                  std::span<const std::byte> sent) {
  if (client_secret.size() != secret_size(suite) || server_secret.size() != secret_size(suite) ||
      sent.empty())
    return nullptr;
  auto records = std::make_unique<TlsRecords>(suite, client_secret, server_secret);
  return records->prove(sent) ? std::move(records) : nullptr;
}

bool TlsRecords::prove(std::span<const std::byte> sent) {
  std::array<std::byte, kMostTlsContent> plain;
  while (!sent.empty()) {
    if (sent.size() < kTlsHeader) return false;
    const std::size_t size = kTlsHeader + load_big_endian(sent.subspan(3, 2));
    if (size > sent.size() || size > plain.size() || !out_.open(sent.first(size), plain))
      return false;
    sent = sent.subspan(size);
  }
  return true;
}

Result<std::size_t> TlsRecords::read(std::span<const std::byte>& cipher, std::span<std::byte> plain,
                                     Outbox& out) {
  std::size_t got = 0;
  while (!ended_ && plain.size() - got >= kMostTlsContent) {
    const std::span<const std::byte> record = next_record(cipher);
    if (record.empty()) break;
    if (record[0] != std::byte{kData})
      fail(Alert::unexpected_message, out);
    else if (load_big_endian(record.subspan(3, 2)) > kMostTlsContent)
      fail(Alert::record_overflow, out);
    else
      got += read_record(record, plain.subspan(got), out);
    if (!partial_.empty()) partial_ = {};
  }
  if (ended_ && !got) return ended_;
  return got;
}

// A whole record, or just the header of one that cannot be; empty = its end has not come.
std::span<const std::byte> TlsRecords::next_record(std::span<const std::byte>& cipher) {
  const auto wanted = [](std::span<const std::byte> front) {
    if (front.size() < kTlsHeader) return kTlsHeader;
    const std::size_t size = load_big_endian(front.subspan(3, 2));
    const bool is_good = front[0] == std::byte{kData} && size <= kMostTlsContent;
    return is_good ? kTlsHeader + size : kTlsHeader;
  };
  const auto is_bad = [&](std::span<const std::byte> front) {
    return front.size() >= kTlsHeader && wanted(front) == kTlsHeader;
  };
  if (partial_.empty()) {
    const std::size_t size = wanted(cipher);
    if (cipher.size() >= kTlsHeader && cipher.size() >= size) {
      const std::span<const std::byte> record = cipher.first(size);
      cipher = cipher.subspan(size);
      return record;
    }
  }
  while (!cipher.empty() && partial_.size() < wanted(partial_)) {
    const std::size_t more = std::min(wanted(partial_) - partial_.size(), cipher.size());
    partial_.reserve(wanted(partial_));
    partial_.insert(partial_.end(), cipher.begin(),
                    cipher.begin() + static_cast<std::ptrdiff_t>(more));
    cipher = cipher.subspan(more);
  }
  const bool is_whole = partial_.size() > kTlsHeader && partial_.size() == wanted(partial_);
  return is_whole || is_bad(partial_) ? std::span<const std::byte>(partial_)
                                      : std::span<const std::byte>();
}

// Gives how many bytes of data it left at the front of `plain`.
std::size_t TlsRecords::read_record(std::span<const std::byte> record, std::span<std::byte> plain,
                                    Outbox& out) {
  const auto opened = in_.open(record, plain);
  if (!opened) return fail(Alert::bad_record_mac, out), 0;
  const std::span<std::byte> content = opened->first(opened->size() - 1);
  if (content.size() > kMostPlain) return fail(Alert::record_overflow, out), 0;
  switch (std::to_integer<std::uint8_t>(opened->back())) {
    case kData:
      return content.size();
    case kHandshake:
      return read_handshake(content, out), 0;
    case kAlert:
      return read_alert(content), 0;
    default:
      return fail(Alert::unexpected_message, out), 0;
  }
}

// KeyUpdate, alone in its record, is all that a client may still say (section 4.6.3).
void TlsRecords::read_handshake(std::span<const std::byte> message, Outbox& out) {
  const bool is_update = message.size() == 5 && message[0] == kKeyUpdate &&
                         load_big_endian(message.subspan(1, 3)) == 1 && message[4] <= std::byte{1};
  if (!is_update) return fail(Alert::unexpected_message, out);
  in_.renew();
  if (message[4] == std::byte{1}) must_renew_ = true;
}

void TlsRecords::read_alert(std::span<const std::byte> alert) {
  const auto what = alert.size() == 2 ? static_cast<Alert>(alert[1]) : Alert::decode_error;
  if (what == Alert::user_canceled) return;
  ended_ = what == Alert::close_notify ? error_code(boost::asio::error::eof)
                                       : error_code(boost::asio::error::connection_aborted);
}

void TlsRecords::fail(Alert alert, Outbox& out) {
  const std::array<std::byte, 2> fatal{std::byte{2}, static_cast<std::byte>(alert)};
  const std::span<const std::byte> part = fatal;
  out_.seal(kAlert, {&part, 1}, out);
  ended_ = error_code(boost::asio::error::connection_aborted);
}

void TlsRecords::renew_own(Outbox& out) {
  const std::array<std::byte, 5> update{kKeyUpdate, std::byte{0}, std::byte{0}, std::byte{1},
                                        std::byte{0}};
  const std::span<const std::byte> part = update;
  out_.seal(kHandshake, {&part, 1}, out);
  out_.renew();
  must_renew_ = false;
}

void TlsRecords::pump(Outbox& waiting, Outbox& out, std::size_t limit) {
  while (!waiting.empty() && out.bytes() < limit) {
    if (must_renew_ || out_.records() >= kRecordsPerKey) renew_own(out);
    std::array<iovec, kFramesPerRecord> frames;
    std::array<std::span<const std::byte>, kFramesPerRecord> parts;
    std::size_t count = 0, size = 0;
    for (const iovec& frame : std::span(frames).first(waiting.gather(frames))) {
      if (size == kMostPlain) break;
      const std::size_t taken = std::min(frame.iov_len, kMostPlain - size);
      parts[count++] = {static_cast<const std::byte*>(frame.iov_base), taken};
      size += taken;
    }
    out_.seal(kData, std::span(parts).first(count), out);
    waiting.consume(size);
  }
}

void TlsRecords::close_notify(Outbox& out) {
  const std::array<std::byte, 2> warning{std::byte{1}, std::byte{0}};
  const std::span<const std::byte> part = warning;
  out_.seal(kAlert, {&part, 1}, out);
}

}  // namespace weft::net
