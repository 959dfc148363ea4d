#include "weft/request.hpp"

#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse_query.hpp>

#include "wire/http/header.hpp"

namespace weft {
namespace {

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Calls `take` with each part of `list` until it gives true.
template <class Take>
void each_part(std::string_view list, char separator, Take take) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    if (take(trimmed(list.substr(0, end)))) return;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  for (const Header& one : headers)
    if (http::equals_ignoring_case(one.name, name)) return &one.value;
  return nullptr;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  const auto parameters = boost::urls::parse_query(query);
  if (!parameters) return std::nullopt;
  boost::urls::encoding_opts form;
  form.space_as_plus = true;
  for (const auto parameter : *parameters) {
    if (parameter.key.decode(form) != name) continue;
    return parameter.has_value ? parameter.value.decode(form) : std::string();
  }
  return std::nullopt;
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  std::optional<std::string> found;
  for (const Header& one : headers) {
    if (found || !http::equals_ignoring_case(one.name, "cookie")) continue;
    each_part(one.value, ';', [&](std::string_view pair) {
      const std::size_t equals = pair.find('=');
      if (equals == pair.npos || pair.substr(0, equals) != name) return false;
      found.emplace(pair.substr(equals + 1));
      return true;
    });
  }
  return found;
}

std::vector<std::string> Request::subprotocols() const {
  std::vector<std::string> offered;
  for (const Header& one : headers) {
    if (!http::equals_ignoring_case(one.name, "sec-websocket-protocol")) continue;
    each_part(one.value, ',', [&](std::string_view protocol) {
      if (!protocol.empty()) offered.emplace_back(protocol);
      return false;
    });
  }
  return offered;
}

}  // namespace weft
