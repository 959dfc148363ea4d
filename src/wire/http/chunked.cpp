#include "wire/http/chunked.hpp"

#include <algorithm>

#include "wire/http/header.hpp"

namespace weft::http {
namespace {

constexpr std::uint8_t kMaxDigits = 16;
constexpr std::uint16_t kMaxSkipped = 4096;  // bytes of extensions and trailers of one body

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<std::size_t> ChunkedDecoder::feed(std::string_view in, std::string& body) {
  std::size_t at = 0;
  while (at < in.size() && state_ != State::done) {
    if (state_ == State::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, in.size() - at));
      body.append(in, at, count);
      at += count;
      chunk_ -= count;
      if (chunk_ == 0) state_ = State::data_cr;
    } else if (const error_code error = step(in[at++])) {
      state_ = State::failed;
      return error;
    }
  }
  return at;
}

error_code ChunkedDecoder::step(char byte) {
  const auto expect = [&](char wanted, State next) {
    state_ = next;
    return byte == wanted ? error_code{} : HttpErrc::bad_chunk;
  };
  const auto skip = [&] {
    return is_field_value({&byte, 1}) && ++skipped_ <= kMaxSkipped ? error_code{}
                                                                   : HttpErrc::bad_chunk;
  };
  switch (state_) {
    case State::size_start:
    case State::size: {
      const int digit = hex_digit(byte);
      if (digit < 0 && state_ == State::size_start) return HttpErrc::bad_chunk;
      if ((byte == '\r' || byte == ';') && chunk_ > left_) return HttpErrc::body_too_large;
      if (byte == '\r') return expect('\r', State::size_lf);
      if (byte == ';') {
        state_ = State::extension;
        return skip();
      }
      if (digit < 0 || ++digits_ > kMaxDigits) return HttpErrc::bad_chunk;
      state_ = State::size;
      chunk_ = chunk_ << 4 | static_cast<unsigned>(digit);
      return {};
    }
    case State::extension:
      return byte == '\r' ? expect('\r', State::size_lf) : skip();
    case State::size_lf:
      left_ -= chunk_;
      digits_ = 0;
      return expect('\n', chunk_ > 0 ? State::data : State::trailer_start);
    case State::data_cr:
      return expect('\r', State::data_lf);
    case State::data_lf:
      return expect('\n', State::size_start);
    case State::trailer_start:
      if (byte == '\r') return expect('\r', State::last_lf);
      if (byte == ' ' || byte == '\t' || byte == ':') return HttpErrc::bad_chunk;
      state_ = State::trailer;
      return skip();
    case State::trailer:
      return byte == '\r' ? expect('\r', State::trailer_lf) : skip();
    case State::trailer_lf:
      return expect('\n', State::trailer_start);
    case State::last_lf:
      return expect('\n', State::done);
    case State::data:
    case State::done:
    case State::failed:
      break;
  }
  return HttpErrc::bad_chunk;
}

}  // namespace weft::http
