#include "driver/http/sendable.hpp"

#include <algorithm>
#include <cctype>

namespace weft::http_client {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

bool is_framing(std::string_view name) {
  constexpr std::string_view kNames[] = {"Transfer-Encoding", "Upgrade", "TE",
                                         "Trailer",           "Expect",  "HTTP2-Settings"};
  return std::ranges::any_of(kNames, [&](auto framing) { return is_same_name(name, framing); });
}

bool is_good_header(const std::pair<std::string, std::string>& header, std::size_t body_size) {
  const auto& [name, value] = header;
  if (!is_token(name) || !is_field_value(value) || is_framing(name)) return false;
  return !is_same_name(name, "Content-Length") || value == std::to_string(body_size);
}

bool is_good_cookie(const std::pair<std::string, std::string>& cookie) {
  const auto& [name, value] = cookie;
  return is_token(name) && is_field_value(value) && value.find(';') == value.npos;
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_sendable(const HttpRequest& request) {
  const auto good_header = [&](const auto& header) {
    return is_good_header(header, request.body.size());
  };
  const auto is_host = [](const auto& header) { return is_same_name(header.first, "Host"); };
  // After CONNECT the answer is not HTTP any more.
  return is_token(request.method) && !is_same_name(request.method, "CONNECT") &&
         std::ranges::all_of(request.headers, good_header) &&
         std::ranges::count_if(request.headers, is_host) <= 1 &&
         std::ranges::all_of(request.cookies, is_good_cookie) &&
         (!request.basic_auth || request.basic_auth->first.find(':') == std::string::npos);
}

}  // namespace weft::http_client
