// What commands that show answers of the API have in common: fields of an object, ages, and lists
// that come page by page.
#pragma once
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "app/cli/globals.hpp"

namespace weft::cli {

/// "" and 0 when it is not there, or something else.
std::string text(const boost::json::object& object, std::string_view key);
std::int64_t number(const boost::json::object& object, std::string_view key);

/// A name as a part of a path: percent-encoded.
std::string path_part(std::string_view name);

/// How long ago that was, from milliseconds since 1970: "5m".
std::string age_of(std::int64_t since);

/// Which part of a list.
struct PageWords {
  std::string cursor;
  std::size_t limit = 100;

  void add_to(CLI::App& command);
  /// "?limit=100&cursor=…"
  std::string query() const;
};

/// Prints a line for each object of the list `key` in the answer to a GET of `path`, which nodes
/// did not answer, and how to go on; `nothing` when there is none. Gives the exit code.
int show_page(const Globals& globals, const std::string& path, std::string_view key,
              const char* nothing,
              const std::function<std::string(const boost::json::object&)>& line_of);

}  // namespace weft::cli
