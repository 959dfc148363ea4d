// JSON as slices of its own text. A request is checked once as a whole and then cut, so that ids,
// numbers of any size and pushed data go on byte for byte as they came. Nothing here throws.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::connmix {

/// What is wrong with `text` as one JSON value (RFC 8259: strict, valid UTF-8, no lone surrogates,
/// at most `max_depth` levels), "" when it is fine.
std::string json_problem(std::string_view text, std::size_t max_depth = 32);

/// Length of the printable ASCII at the front of `text` that stands in a JSON string as it is.
std::size_t plain_size(std::string_view text);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);
void append_json(std::string& out, std::string_view text);  ///< the same, behind `out`

/// One value inside text that json_problem() found nothing wrong with; the text must outlive it.
class Json {
 public:
  struct Member;
  enum class Kind { none, null, boolean, number, string, list, object };

  Json() = default;  ///< a value that is not there
  explicit Json(std::string_view checked);

  Kind kind() const;
  bool is(Kind wanted) const { return kind() == wanted; }
  std::string_view raw() const { return raw_; }  ///< without blanks around it

  std::string string() const;  ///< unescaped; "" when it is no string
  /// A number without fraction or exponent, or a string of such digits; nullopt beyond int64.
  std::optional<std::int64_t> integer() const;
  std::optional<bool> boolean() const;
  std::vector<Json> elements() const;   ///< of a list
  std::vector<Member> members() const;  ///< of an object, as written: keys may repeat

 private:
  std::string_view raw_;
};

struct Json::Member {
  std::string key;
  Json value;
};

/// The name of a kind, for messages: "a list", "a string" ...
std::string_view describe(Json::Kind kind);

}  // namespace weft::connmix
