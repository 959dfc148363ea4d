#include "wire/connmix/json.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

namespace weft::connmix {
namespace {

/// Boost's parser reports here; we only want to know whether it came through.
struct Listener {
  static constexpr std::size_t max_object_size = std::size_t(-1), max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1), max_string_size = std::size_t(-1);
  using Text = boost::json::string_view;
  using Error = boost::system::error_code;
  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool ends_word(char c) { return c == ',' || c == ']' || c == '}' || is_blank(c); }

std::string_view skip_blank(std::string_view text) {
  std::size_t blanks = 0;
  while (blanks < text.size() && is_blank(text[blanks])) ++blanks;
  return text.substr(blanks);
}

/// Length of the string literal that `text` begins with, quotes included.
std::size_t string_size(std::string_view text) {
  const std::size_t quote = text.find('"', 1);
  if (quote != text.npos && text[quote - 1] != '\\') return quote + 1;
  std::size_t at = 1;  // a backslash before a quote: whose is it?
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

/// Length of the value that checked `text` begins with.
std::size_t value_size(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return string_size(text);
  std::size_t depth = 0;
  if (text[0] != '{' && text[0] != '[') {
    std::size_t end = 0;
    while (end < text.size() && !ends_word(text[end])) ++end;
    return end;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"')
      at += string_size(text.substr(at)) - 1;
    else if (c == '{' || c == '[')
      ++depth;
    else if ((c == '}' || c == ']') && --depth == 0)
      return at + 1;
  }
  return text.size();
}

/// Cuts the value off the front of `text`, with the ',' or ':' behind it.
std::string_view cut(std::string_view& text) {
  text = skip_blank(text);
  const std::string_view value = text.substr(0, value_size(text));
  text = skip_blank(text.substr(value.size()));
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

unsigned hex4(std::string_view digits) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + std::min<std::size_t>(4, digits.size()), value,
                  16);
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// The text between the quotes of checked `literal`, unescaped.
std::string unescape(std::string_view literal) {
  std::string_view in = literal.substr(1, literal.size() - 2);
  if (in.find('\\') == in.npos) return std::string(in);
  std::string out;
  out.reserve(in.size());
  for (;;) {
    const std::size_t plain = std::min(in.find('\\'), in.size());
    out += in.substr(0, plain);
    in.remove_prefix(plain);
    if (in.size() < 2) return out;
    const char escaped = in[1];
    in.remove_prefix(2);
    constexpr std::string_view kNames = "bfnrt", kMeant = "\b\f\n\r\t";
    if (escaped != 'u') {
      const std::size_t name = kNames.find(escaped);
      out += name == kNames.npos ? escaped : kMeant[name];
      continue;
    }
    unsigned code = hex4(in);
    in.remove_prefix(std::min<std::size_t>(4, in.size()));
    if (code >> 10 == 0x36 && in.size() >= 6) {  // a leading surrogate: its other half follows
      code = 0x10000 + ((code & 0x3FF) << 10) + (hex4(in.substr(2)) & 0x3FF);
      in.remove_prefix(6);
    }
    append_utf8(out, code);
  }
}

std::optional<std::int64_t> integer_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// Length of the valid UTF-8 sequence that `text` begins with, 0 when there is none (RFC 3629
/// section 4).
std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return byte(i) >> 6 == 2; };
  const unsigned lead = byte(0), next = byte(1);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !follows(1)) return 0;
  if (lead < 0xE0) return 2;
  if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || !follows(2)) return 0;
  if (lead < 0xF0) return 3;
  if ((lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F) || !follows(3)) return 0;
  return 4;
}

/// Printable ASCII that stands in a JSON string as it is.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

}  // namespace

std::size_t plain_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kPlain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

std::string json_problem(std::string_view text, std::size_t max_depth) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::basic_parser<Listener> parser(options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (!error) return "";
  return fmt::format("{} at byte {}", error.message(), used);
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t plain = plain_size(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto first = static_cast<unsigned char>(text[0]);
    std::size_t size = 1;
    if (first == '"' || first == '\\') {
      out += {'\\', text[0]};
    } else if (first == '\n') {
      out += "\\n";
    } else if (first == '\r') {
      out += "\\r";
    } else if (first == '\t') {
      out += "\\t";
    } else if (first < 0x20) {
      out += fmt::format("\\u{:04x}", first);
    } else if (first == 0x7F) {
      out += text[0];
    } else if ((size = utf8_size(text)) != 0) {
      out += text.substr(0, size);
    } else {
      size = 1;
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(size);
  }
  out += '"';
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json(out, text);
  return out;
}

Json::Json(std::string_view checked) : raw_(cut(checked)) {}

Json::Kind Json::kind() const {
  if (raw_.empty()) return Kind::none;
  switch (raw_[0]) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::list;
    case '"':
      return Kind::string;
    case 'n':
      return Kind::null;
    case 't':
    case 'f':
      return Kind::boolean;
    default:
      return Kind::number;
  }
}

std::string Json::string() const { return is(Kind::string) ? unescape(raw_) : ""; }

std::optional<std::int64_t> Json::integer() const {
  if (is(Kind::number)) return integer_in(raw_);
  if (!is(Kind::string)) return std::nullopt;
  const std::string_view inside = raw_.substr(1, raw_.size() - 2);
  return inside.find('\\') == inside.npos ? integer_in(inside) : integer_in(string());
}

std::optional<bool> Json::boolean() const {
  if (!is(Kind::boolean)) return std::nullopt;
  return raw_[0] == 't';
}

std::vector<Json> Json::elements() const {
  std::vector<Json> out;
  if (!is(Kind::list)) return out;
  std::string_view inside = skip_blank(raw_.substr(1, raw_.size() - 2));
  while (!inside.empty()) {
    Json element;
    element.raw_ = cut(inside);
    out.push_back(element);
  }
  return out;
}

std::vector<Json::Member> Json::members() const {
  std::vector<Member> out;
  if (!is(Kind::object)) return out;
  out.reserve(4);  // what most requests need
  std::string_view inside = skip_blank(raw_.substr(1, raw_.size() - 2));
  while (!inside.empty()) {
    const std::string_view key = cut(inside);
    Json value;
    value.raw_ = cut(inside);
    out.push_back({unescape(key), value});
  }
  return out;
}

std::string_view describe(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::none:
      return "nothing";
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "true or false";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a string";
    case Json::Kind::list:
      return "a list";
    case Json::Kind::object:
      return "an object";
  }
  return "nothing";
}

}  // namespace weft::connmix
