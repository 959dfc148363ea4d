#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "app/compat.hpp"
#include "app/options.hpp"
#include "app/value_text.hpp"

namespace weft::compat {
namespace {

/// Words of `list`, which are separated by spaces.
bool is_among(std::string_view word, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// The last part of a PHP class: `\Swoft\A::class` is A.
std::string_view short_name(std::string_view name) {
  if (name.starts_with('@')) name.remove_prefix(1);
  if (name.ends_with("::class")) name.remove_suffix(7);
  return name.substr(name.rfind('\\') + 1);
}

bool is_off(std::string_view text) {
  return text.empty() || is_among(text, "0 false off no null ~");
}

/// True for "server" and "wsServer.setting": keys stand below it.
bool is_section(const std::string& key) {
  if (key == "config" || key == "wsServer.setting") return true;
  const auto below = [&](const Row& row) {
    return row.key.starts_with(key) && row.key.substr(key.size()).starts_with('.');
  };
  return std::ranges::any_of(bundle_rows(), below) || std::ranges::any_of(cluster_rows(), below);
}

std::string as_flag(const std::string& text) {
  return text == "1" ? "true" : text == "0" ? "false" : text;
}

/// "60" → "60s", "1.5" → "1500ms"; anything else as it is.
std::string as_seconds(const std::string& text, double factor) {
  double seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || stop != text.data() + text.size() || seconds < 0 || seconds > 1e9)
    return text;
  return duration_text(Millis{static_cast<std::int64_t>(seconds * factor * 1000)});
}

std::string plus_one(const std::string& text) {
  unsigned number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && stop == text.data() + text.size();
  return is_number ? std::to_string(number + 1) : text;
}

std::string as_log_level(const std::string& text) {
  static const std::map<std::string, std::string> levels{
      {"0", "debug"}, {"SWOOLE_LOG_DEBUG", "debug"},  {"1", "debug"}, {"SWOOLE_LOG_TRACE", "debug"},
      {"2", "info"},  {"SWOOLE_LOG_INFO", "info"},    {"3", "info"},  {"SWOOLE_LOG_NOTICE", "info"},
      {"4", "warn"},  {"SWOOLE_LOG_WARNING", "warn"}, {"5", "error"}, {"SWOOLE_LOG_ERROR", "error"},
      {"6", "error"}, {"SWOOLE_LOG_NONE", "error"}};
  const auto found = levels.find(text);
  return found == levels.end() ? text : found->second;
}

/// Host and port become one address when all values were seen.
struct Address {
  std::optional<std::string> host, port;
  const Value* place = nullptr;
};

class Translator {
 public:
  Translator(Translation& out, std::span<const Value> values, const std::string& where)
      : out_(out), values_(values), where_(where) {}

  void run() {
    for (const Value& value : values_) {
      const Row* row = find_row(value.key);
      if (!row && is_section(value.key))
        section(value);
      else if (!row)
        unknown(value);
      else if (value.text.find("%env(") != std::string::npos)
        error(value, value.written + ": Symfony's %env(NAME)% is not known here",
              "write  ${NAME}  or, with a default,  ${NAME:-default}");
      else if (row->yields_to.empty() || !is_given(value, row->yields_to))
        take(value, *row);
    }
    addresses();
  }

 private:
  /// A word where a map belongs; nothing at all is an empty map.
  void section(const Value& value) {
    if (value.key == "server" || value.key == "adapter") note_bundle(value);
    if (!value.text.empty())
      error(value, value.written + " is not a map of keys",
            "docs/config.md lists what is taken of the PHP libraries' configuration");
  }
  void note_bundle(const Value& value) {
    if (!out_.bundle) out_.bundle = value;
  }

  void take(const Value& value, const Row& row) {
    if (value.key.starts_with("server.") || value.key.starts_with("adapter.")) note_bundle(value);
    switch (row.take) {
      case Take::value:
        return set(value, row, value.text);
      case Take::seconds:
        return set(value, row, as_seconds(value.text, 1));
      case Take::twice:
        return set(value, row, as_seconds(value.text, 2));
      case Take::plus_one:
        return set(value, row, plus_one(value.text));
      case Take::flag:
        return set(value, row, as_flag(value.text));
      case Take::log_level:
        return set(value, row, as_log_level(value.text));
      case Take::debug:
        if (!is_off(value.text)) set(value, row, "debug");
        return;
      case Take::host:
      case Take::port:
        return address_part(value, row);
      case Take::redis:
        return redis(value, row);
      case Take::protocol:
        return protocol(value, row);
      case Take::accepted:
        return accept(value, row);
      case Take::flag_ignored:
        if (!is_off(value.text)) ignored(value, row);
        return;
      case Take::ignored:
        return ignored(value, row);
    }
  }

  void set(const Value& value, const Row& row, std::string text) {
    add(value, std::string(row.ours), std::move(text), false);
  }
  void add(const Value& value, std::string ours, std::string text, bool implied) {
    out_.settings.push_back(
        {value.written, std::move(ours), std::move(text), value.line, value.column, implied});
  }

  void address_part(const Value& value, const Row& row) {
    Address& address = addresses_[value.key.substr(0, value.key.find('.'))];
    (row.take == Take::host ? address.host : address.port) = value.text;
    address.place = &value;
  }

  /// What was left out is what the PHP libraries listen on.
  void addresses() {
    for (const auto& [root, address] : addresses_) {
      const bool is_swoft = root == "wsServer";
      std::string host = address.host.value_or(is_swoft ? "0.0.0.0" : "127.0.0.1");
      if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
      const std::string port = address.port.value_or(is_swoft ? "18308" : "8079");
      add(*address.place, "listen.clients.address", host + ":" + port, false);
    }
  }

  void redis(const Value& value, const Row& row) {
    const std::string_view section = row.ours.substr(0, row.ours.rfind('.'));
    if (!is_among(value.text, row.allowed)) set(value, row, value.text);
    add(value, std::string(section) + ".engine", "redis", true);
  }

  void protocol(const Value& value, const Row& row) {
    if (value.text == "websocket" || value.text == "ws") return;
    if (value.text == "wss") return ignored(value, row);
    error(value, value.written + ": \"" + value.text + "\" is not served here",
          "leave it out: clients speak WebSocket; other protocols are scripts of sockets");
  }

  void accept(const Value& value, const Row& row) {
    if (value.text.empty() || is_among(short_name(value.text), row.allowed)) return;
    if (is_among(value.text, row.allowed)) return;
    error(value,
          value.written + ": \"" + value.text + "\" " +
              (is_php_name(value.text) ? "is PHP, which weft does not load" : "is not known here"),
          std::string(row.says));
  }

  void ignored(const Value& value, const Row& row) {
    if (!told_.insert(&row).second) return;  // once for a whole subtree
    finding(Finding::Severity::warning, value, shown(value, row) + " means nothing here",
            std::string(row.says));
  }

  /// The part of the written key that the row speaks of.
  std::string shown(const Value& value, const Row& row) {
    const std::string leaf(row.key.substr(row.key.rfind('.') + 1));
    const std::size_t at = value.written.find(leaf);
    return at == std::string::npos ? value.written : value.written.substr(0, at + leaf.size());
  }

  /// Tells of the first part of the key that no row has, once.
  void unknown(const Value& value) {
    const std::vector<std::string> keys = keys_of(value.key);
    std::size_t from = 0, end = 0;
    for (;; from = end + 1) {
      end = std::min(value.key.find('.', from), value.key.size());
      const std::string part = value.key.substr(0, end), section = part + ".";
      const bool is_known = std::ranges::any_of(
          keys, [&](const std::string& key) { return key == part || key.starts_with(section); });
      if (!is_known || end == value.key.size()) break;
    }
    if (!unknown_.insert(value.key.substr(0, end)).second) return;
    const std::string folder = value.key.substr(0, from);
    std::vector<std::string> names;
    for (const std::string& key : keys)
      if (key.starts_with(folder)) names.push_back(key.substr(from, key.find('.', from) - from));
    const auto near = nearest(value.key.substr(from, end - from), names);
    const std::size_t root = value.written.size() - value.key.size();
    error(value, "unknown key " + value.written.substr(0, root + end),
          near ? "did you mean " + *near + "?"
               : "docs/config.md lists what is taken of the PHP libraries' configuration");
  }

  /// Every key that may stand where `key` stands.
  std::vector<std::string> keys_of(const std::string& key) {
    std::vector<std::string> keys;
    for (const Row& row : bundle_rows()) keys.emplace_back(row.key);
    for (const Row& row : cluster_rows()) keys.emplace_back(row.key);
    for (const char* prefix : {"config.", "wsServer.setting."})
      if (key.starts_with(prefix))
        for (const Row& row : swoole_rows()) keys.push_back(prefix + std::string(row.key));
    return keys;
  }

  bool is_given(const Value& value, std::string_view leaf) {
    const std::string key = value.key.substr(0, value.key.rfind('.') + 1) + std::string(leaf);
    return std::ranges::find(values_, key, &Value::key) != values_.end();
  }

  void error(const Value& value, std::string message, std::string hint) {
    finding(Finding::Severity::error, value, std::move(message), std::move(hint));
  }
  void finding(Finding::Severity severity, const Value& value, std::string message,
               std::string hint) {
    out_.findings.push_back(
        {severity, where_, value.line, value.column, std::move(message), std::move(hint)});
  }

  Translation& out_;
  std::span<const Value> values_;
  const std::string& where_;
  std::map<std::string, Address> addresses_;  // by the root of host and port
  std::set<const Row*> told_;
  std::set<std::string> unknown_;
};

}  // namespace

Translation translate(std::span<const Value> values, const std::string& where) {
  Translation out;
  Translator(out, values, where).run();
  return out;
}

}  // namespace weft::compat
