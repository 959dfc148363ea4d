// Strict chunked bodies (RFC 9112 section 7.1), in any pieces. Chunk extensions and trailer fields
// are skipped, within a bound; sizes are one to sixteen hex digits and nothing else; every line
// ends in CR LF.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weft/result.hpp"
#include "wire/http/error.hpp"

namespace weft::http {

class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t max_body) : left_(max_body) {}

  /// Appends the body bytes in `in` to `body` and gives how much of `in` belongs to this body: all
  /// of it until is_done(), then what follows is the next request. Errors: bad_chunk,
  /// body_too_large; final.
  Result<std::size_t> feed(std::string_view in, std::string& body);

  bool is_done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    last_lf,
    done,
    failed
  };

  /// One byte that is not chunk data.
  error_code step(char byte);

  State state_ = State::size_start;
  std::uint8_t digits_ = 0;
  std::uint16_t skipped_ = 0;  ///< bytes of extensions and trailers
  std::uint64_t chunk_ = 0;    ///< bytes that this chunk still brings
  std::uint64_t left_;         ///< bytes that the body may still grow by
};

}  // namespace weft::http
