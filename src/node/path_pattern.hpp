// Paths with variables: "/room/{id}" matches "/room/7" and gives id = 7. A variable stands for one
// segment, or for the part of it between literals: "/v{major}/feed".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/segment_regex.hpp"

namespace weft {

/// Values of a path's {variables}.
using PathParameters = std::map<std::string, std::string>;

/// One slash in front, none at the end.
std::string normal_path(std::string_view path);

class PathPattern {
 public:
  /// `expressions`: what the whole value of a variable has to match (SegmentRegex); without one any
  /// value does. Throws std::invalid_argument.
  explicit PathPattern(std::string_view path,
                       const std::map<std::string, std::string>& expressions = {});

  const std::string& path() const { return path_; }
  bool has_variables() const { return has_variables_; }

  /// `path` is decoded and normal. Values are valid UTF-8 of 1 to 255 bytes; others do not match.
  std::optional<PathParameters> match(std::string_view path) const;

 private:
  struct Segment {
    std::string before, name, after;  // name "" = all of it is `before`
    std::optional<SegmentRegex> regex;
  };
  static Segment parse_segment(std::string_view text);
  static std::optional<std::string_view> value_of(const Segment& segment, std::string_view text);

  std::string path_;
  std::vector<Segment> segments_;
  bool has_variables_ = false;
};

}  // namespace weft
