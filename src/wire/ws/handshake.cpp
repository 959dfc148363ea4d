#include "wire/ws/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/base64.hpp"
#include "base/check.hpp"
#include "wire/ws/extensions.hpp"

namespace weft::ws {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::string_view kDeflate = "permessage-deflate";
constexpr int kMinWindowBits = 8, kMaxWindowBits = 15;
constexpr int kMinZlibWindowBits = 9;  // of a raw stream that we make

/// Held, because OpenSSL otherwise looks it up by its name each time.
const EVP_MD* sha1() {
  static const EVP_MD* const held = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  check(held, "every OpenSSL has SHA-1");
  return held;
}

/// RFC 7692 section 7.1.2: a decimal number from 8 to 15 without leading zeros.
std::optional<int> parse_window_bits(std::string_view value) {
  int bits = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, bits);
  if (error != std::errc{} || stop != end || value.front() == '0') return std::nullopt;
  if (bits < kMinWindowBits || bits > kMaxWindowBits) return std::nullopt;
  return bits;
}

/// The four parameters of RFC 7692 section 7.1, as one offer or answer has them.
struct Parameters {
  bool server_no_context_takeover = false, client_no_context_takeover = false;
  bool names_client_window = false;  ///< client_max_window_bits, with or without a value
  std::optional<int> server_max_window_bits, client_max_window_bits;
};

bool set_once(bool& flag, const ExtensionParameter& parameter) {
  return !parameter.value && !std::exchange(flag, true);
}

bool set_once(std::optional<int>& bits, const ExtensionParameter& parameter) {
  if (bits || !parameter.value) return false;
  bits = parse_window_bits(*parameter.value);
  return bits.has_value();
}

/// nullopt for anything unknown, repeated or malformed.
std::optional<Parameters> read_parameters(const Extension& extension) {
  Parameters read;
  for (const ExtensionParameter& parameter : extension.parameters) {
    bool good = false;
    if (parameter.name == "server_no_context_takeover") {
      good = set_once(read.server_no_context_takeover, parameter);
    } else if (parameter.name == "client_no_context_takeover") {
      good = set_once(read.client_no_context_takeover, parameter);
    } else if (parameter.name == "server_max_window_bits") {
      good = set_once(read.server_max_window_bits, parameter);
    } else if (parameter.name == "client_max_window_bits") {
      good = !std::exchange(read.names_client_window, true);
      if (good && parameter.value) good = set_once(read.client_max_window_bits, parameter);
    }
    if (!good) return std::nullopt;
  }
  return read;
}

std::optional<DeflateParams> accept(const Parameters& offer, const DeflateOffer& ours) {
  DeflateParams agreed;
  agreed.server_no_context_takeover = !ours.context_takeover || offer.server_no_context_takeover;
  agreed.client_no_context_takeover = !ours.context_takeover || offer.client_no_context_takeover;
  if (offer.server_max_window_bits || ours.server_max_window_bits < kMaxWindowBits) {
    const int bits = std::min(offer.server_max_window_bits.value_or(kMaxWindowBits),
                              ours.server_max_window_bits);
    if (bits < kMinZlibWindowBits) return std::nullopt;
    agreed.server_max_window_bits = bits;
  }
  // Only a client that names the parameter knows what to do with it in an answer.
  if (offer.names_client_window && ours.client_max_window_bits < kMaxWindowBits) {
    agreed.client_max_window_bits = std::min(offer.client_max_window_bits.value_or(kMaxWindowBits),
                                             ours.client_max_window_bits);
  }
  return agreed;
}

}  // namespace

bool is_valid_key(std::string_view key) {
  if (key.size() != 24) return false;  // 16 bytes with their padding
  const std::optional<std::string> bytes = decode_base64(key);
  return bytes && bytes->size() == 16;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key).append(kGuid);
  std::array<std::byte, 20> digest{};
  unsigned size = digest.size();
  const int done =
      EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 sha1(), nullptr);
  check(done == 1 && size == digest.size(), "a digest of SHA-1 has 20 bytes");
  return encode_base64(digest);
}

std::string make_key(std::span<const std::byte, 16> random) { return encode_base64(random); }

std::optional<DeflateParams> negotiate_deflate(std::span<const std::string_view> extension_headers,
                                               const DeflateOffer& ours) {
  for (const std::string_view header : extension_headers) {
    ExtensionReader reader(header);
    while (const std::optional<Extension> offer = reader.next()) {
      if (!offer->is_well_formed || offer->name != kDeflate) continue;
      const std::optional<Parameters> parameters = read_parameters(*offer);
      if (!parameters) continue;
      if (const auto agreed = accept(*parameters, ours)) return agreed;
    }
  }
  return std::nullopt;
}

std::string format(const DeflateParams& params) {
  std::string text(kDeflate);
  if (params.server_no_context_takeover) text += "; server_no_context_takeover";
  if (params.client_no_context_takeover) text += "; client_no_context_takeover";
  if (params.server_max_window_bits)
    text += "; server_max_window_bits=" + std::to_string(*params.server_max_window_bits);
  if (params.client_max_window_bits)
    text += "; client_max_window_bits=" + std::to_string(*params.client_max_window_bits);
  return text;
}

std::string format_offer(const DeflateOffer& ours) {
  std::string text(kDeflate);
  if (!ours.context_takeover) text += "; server_no_context_takeover; client_no_context_takeover";
  if (ours.server_max_window_bits < kMaxWindowBits)
    text += "; server_max_window_bits=" + std::to_string(ours.server_max_window_bits);
  text += "; client_max_window_bits";
  if (ours.client_max_window_bits < kMaxWindowBits)
    text += "=" + std::to_string(ours.client_max_window_bits);
  return text;
}

std::optional<std::optional<DeflateParams>> read_deflate_answer(
    std::span<const std::string_view> extension_headers, const DeflateOffer& ours) {
  std::optional<DeflateParams> agreed;
  for (const std::string_view header : extension_headers) {
    ExtensionReader reader(header);
    while (const std::optional<Extension> answer = reader.next()) {
      if (!answer->is_well_formed || answer->name != kDeflate || agreed) return std::nullopt;
      const std::optional<Parameters> read = read_parameters(*answer);
      if (!read || (read->names_client_window && !read->client_max_window_bits))
        return std::nullopt;
      if (!ours.context_takeover && !read->server_no_context_takeover) return std::nullopt;
      if (read->server_max_window_bits.value_or(kMaxWindowBits) > ours.server_max_window_bits)
        return std::nullopt;
      if (read->client_max_window_bits.value_or(kMaxWindowBits) < kMinZlibWindowBits)
        return std::nullopt;
      agreed = DeflateParams{read->server_no_context_takeover, read->client_no_context_takeover,
                             read->server_max_window_bits, read->client_max_window_bits};
    }
  }
  return std::optional<std::optional<DeflateParams>>(std::in_place, agreed);
}

}  // namespace weft::ws
