// mix.parse_url and mix.parse_str.
#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "script/bindings/bindings.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

struct Url {
  std::string scheme, opaque, user, host, path, raw_path, raw_query, fragment, raw_fragment;
  bool force_query = false;
  const char* problem = nullptr;
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// %xx decoded, and '+' as a space in queries; nullopt for a bad escape.
std::optional<std::string> unescape(std::string_view text, bool is_query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += is_query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_scheme(std::string_view text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  return std::ranges::all_of(
      text, [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_port(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

bool read_authority(std::string_view authority, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    const auto user = unescape(authority.substr(0, at), false);
    if (!user) return false;
    url.user = *user;
    authority.remove_prefix(at + 1);
  }
  std::string_view name = authority;
  if (name.starts_with('[')) {
    const std::size_t end = name.find(']');
    if (end == name.npos) return false;
    name.remove_prefix(end + 1);
    if (!name.empty() && (name[0] != ':' || !is_port(name.substr(1)))) return false;
  } else if (const std::size_t colon = name.rfind(':'); colon != name.npos) {
    if (!is_port(name.substr(colon + 1))) return false;
  }
  const auto host = unescape(authority, false);
  if (host) url.host = *host;
  return host.has_value();
}

Url parse(std::string_view text) {
  Url url;
  const auto failed = [&url](const char* why) {
    url.problem = why;
    return url;
  };
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return failed("a URL holds no control characters");
  }
  if (const std::size_t hash = text.find('#'); hash != text.npos) {
    const auto fragment = unescape(text.substr(hash + 1), false);
    if (!fragment) return failed("bad escape in the fragment of the URL");
    url.fragment = *fragment;
    if (*fragment != text.substr(hash + 1)) url.raw_fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const std::size_t colon = text.find(':');
      colon != text.npos && text.find_first_of("/?") > colon) {
    if (colon == 0) return failed("the URL has no scheme before ':'");
    if (is_scheme(text.substr(0, colon))) {
      for (const char c : text.substr(0, colon))
        url.scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      text.remove_prefix(colon + 1);
    }
  }
  if (const std::size_t mark = text.find('?'); mark != text.npos) {
    url.raw_query = text.substr(mark + 1);
    url.force_query = url.raw_query.empty();
    text = text.substr(0, mark);
  }
  if (!url.scheme.empty() && !text.starts_with('/')) {
    url.opaque = text;
    return url;
  }
  if (text.starts_with("//")) {
    const std::size_t end = std::min(text.find('/', 2), text.size());
    if (!read_authority(text.substr(2, end - 2), url))
      return failed("bad host, port or user in the URL");
    text.remove_prefix(end);
  }
  const auto path = unescape(text, false);
  if (!path) return failed("bad escape in the path of the URL");
  url.path = *path;
  if (*path != text) url.raw_path = text;
  return url;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// nullopt for a bad escape.
std::optional<Pairs> parse_query(std::string_view query) {
  Pairs pairs;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto key = unescape(part.substr(0, equals), true);
    auto value = unescape(part.substr(std::min(equals + 1, part.size())), true);
    if (!key || !value) return std::nullopt;
    pairs.emplace_back(std::move(*key), std::move(*value));
  }
  return pairs;
}

// What is parsed waits here until Lua has it all: pushing may raise an error, which must skip no
// destructor.
struct Parsed {
  Url url;
  std::optional<Pairs> query;
};
Parsed& parsed() {
  static thread_local Parsed its;
  return its;
}

/// The first of several values of one key counts.
void push_pairs(lua_State* L, const Pairs& pairs) {
  lua_createtable(L, 0, static_cast<int>(pairs.size()));
  for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
    push(L, pair->first);
    push(L, pair->second);
    lua_rawset(L, -3);
  }
}

int parse_str(lua_State* L) {
  const std::string_view query = check_text(L, 1);
  Parsed& its = parsed();
  its.query = parse_query(query);
  if (!its.query) return fail(L, "bad escape in the query");
  push_pairs(L, *its.query);
  return 1;
}

int parse_url(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  Parsed& its = parsed();
  its.url = parse(text);
  if (its.url.problem) return fail(L, its.url.problem);
  its.query = parse_query(its.url.raw_query);
  lua_createtable(L, 0, 12);
  const std::pair<const char*, const std::string*> fields[] = {
      {"scheme", &its.url.scheme},
      {"opaque", &its.url.opaque},
      {"user", &its.url.user},
      {"host", &its.url.host},
      {"path", &its.url.path},
      {"raw_path", &its.url.raw_path},
      {"raw_query", &its.url.raw_query},
      {"fragment", &its.url.fragment},
      {"raw_fragment", &its.url.raw_fragment}};
  for (const auto& [name, value] : fields) {
    push(L, *value);
    lua_setfield(L, -2, name);
  }
  lua_pushboolean(L, its.url.force_query);
  lua_setfield(L, -2, "force_query");
  if (its.query)
    push_pairs(L, *its.query);
  else
    lua_newtable(L);
  lua_setfield(L, -2, "query");
  return 1;
}

}  // namespace

void add_url(lua_State* L) {
  set_function(L, "parse_url", parse_url);
  set_function(L, "parse_str", parse_str);
}

}  // namespace weft::script
