#include "app/cli/pages.hpp"

#include <cctype>
#include <chrono>

#include "app/cli/api_client.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/value_text.hpp"
#include "weft/result.hpp"

namespace weft::cli {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::int64_t number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  error_code ignored;
  return value && value->is_number() ? value->to_number<std::int64_t>(ignored) : 0;
}

std::string path_part(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string age_of(std::int64_t since) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count() - since / 1000;
  return duration_text(Millis{std::max<std::int64_t>(seconds, 0) * 1000});
}

void PageWords::add_to(CLI::App& command) {
  command.add_option("--limit", limit, "how many at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command.add_option("--cursor", cursor, "go on where the page before ended");
}

std::string PageWords::query() const {
  return "?limit=" + std::to_string(limit) + (cursor.empty() ? "" : "&cursor=" + cursor);
}

int show_page(const Globals& globals, const std::string& path, std::string_view key,
              const char* nothing, const std::function<std::string(const json::object&)>& line_of) {
  const ApiAnswer answer = call_api(globals, "GET", path);
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  if (globals.json) {
    print(answer.body + "\n");
    return kOk;
  }
  const json::object* object = answer.json.if_object();
  const json::value* list = object ? object->if_contains(key) : nullptr;
  std::string out;
  if (list && list->is_array())
    for (const json::value& item : list->as_array())
      if (const json::object* one = item.if_object()) out += line_of(*one);
  const json::value* silent = object ? object->if_contains("unreachable") : nullptr;
  if (silent && silent->is_array())
    for (const json::value& node : silent->as_array())
      if (node.is_string()) out += "did not answer: node " + std::string(node.as_string()) + "\n";
  const std::string next = object ? text(*object, "next") : "";
  if (!next.empty()) out += "more:  --cursor " + next + "\n";
  print(out.empty() ? std::string(nothing) + "\n" : out);
  return kOk;
}

}  // namespace weft::cli
