// From a request target to a path that is safe to look up, and its query.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

struct Target {
  std::string_view path;   ///< not decoded, begins with '/'
  std::string_view query;  ///< without '?'
};

/// Splits at the first '?'. Of an absolute target ("http://host/a") only the path and the query are
/// kept.
Target split_target(std::string_view target);

/// The decoded path of `target`, beginning with '/', in which no further decoding or joining can
/// find anything: nullopt for bad escapes, NUL and other control characters, backslashes, encoded
/// slashes, "//", "." and "..".
std::optional<std::string> clean_path(std::string_view target);

}  // namespace weft::http
