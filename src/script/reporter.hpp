// Reporter: tells the operator what went wrong in a script: file, line and the code around it, at
// most once a minute per place.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log.hpp"
#include "script/loaded.hpp"
#include "weft/types.hpp"

namespace weft::script {

class Reporter {
 public:
  /// `message` as Lua gave it, usually "file:line: what". `what_follows` ends the report
  /// ("connection … stays open").
  void error(const Loaded& script, std::string_view message, std::string_view what_follows);

 private:
  static constexpr std::size_t kMaxPlaces = 1000;
  std::unordered_map<std::string, log::Limiter> places_;
};

/// Where a message of Lua says it happened.
struct Place {
  std::string_view file;  ///< short name, empty when the message names none
  int line = 0;
  std::string_view what;  ///< the message behind the place
};
Place place_in(std::string_view message);

/// The line before, the line, and the line after, as text with numbers and a mark; empty when there
/// is no such line.
std::vector<std::string> code_frame(std::string_view source, int line);

}  // namespace weft::script
