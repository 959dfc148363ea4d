// What configurations of the PHP libraries say, in our words: the tree of the WebSocket bundle, the
// beans of the Swoft cluster, and Swoole's options. Pure: values in, settings and findings out.
// The tables are compat_bundle.cpp, compat_cluster.cpp and compat_swoole.cpp; config_file.cpp
// brings the values, config_foreign.cpp puts the settings into a Config.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_load.hpp"

namespace weft::compat {

/// One scalar of a foreign tree. Items of lists have an index in their key.
struct Value {
  std::string key;      ///< without the root codememory_ws_server
  std::string written;  ///< as it stands in the file
  std::string text;     ///< "" of a key without a value
  int line = 0, column = 0;
};

/// One value of ours that was said in their words.
struct Setting {
  std::string theirs;  ///< as written
  std::string ours;    ///< "paths[].converter" = of every path of dialect events that says none
  std::string text;
  int line = 0, column = 0;
  bool implied = false;  ///< gives way when the file says it itself
};

struct Translation {
  std::vector<Setting> settings;
  std::vector<Finding> findings;
  /// Something of the bundle's server was said: it answers on one path, "/".
  std::optional<Value> bundle;
};

/// How the rows read a value.
enum class Take : std::uint8_t {
  value,      ///< as it is
  seconds,    ///< a bare number is in seconds
  twice,      ///< seconds, doubled
  plus_one,   ///< a number, one more here
  flag,       ///< 0 and 1 are booleans too
  debug,      ///< true = log.level debug
  log_level,  ///< Swoole's numbers and constants
  host,
  port,      ///< together listen.clients
  redis,     ///< name of a redis; the engine becomes redis
  accepted,  ///< words of `allowed` are how it is here anyway; all others are errors
  protocol,
  flag_ignored,  ///< a warning, unless it is switched off
  ignored,       ///< a warning
};

struct Row {
  std::string_view key;
  Take take;
  std::string_view ours = {};       ///< the key it is written to
  std::string_view says = {};       ///< of others: why, or what to write instead
  std::string_view allowed = {};    ///< words, separated by spaces
  std::string_view yields_to = {};  ///< this key says the same better
};

std::span<const Row> bundle_rows();
std::span<const Row> cluster_rows();
std::span<const Row> swoole_rows();  ///< keys without "config." and "wsServer.setting."

/// Key at the top of a file that begins a foreign tree.
bool is_root(std::string_view name);
std::vector<std::string> roots();
inline constexpr std::string_view kBundleRoot = "codememory_ws_server";

/// The row for a key, or for what it stands in; nullptr when nobody knows it.
const Row* find_row(std::string_view key);

/// `where`: how findings call the file.
Translation translate(std::span<const Value> values, const std::string& where);

/// What `weft config explain` says of a foreign key; nullopt for others.
std::optional<std::string> explain(std::string_view key);
/// The tables of docs/config.md.
std::string markdown();

/// True for what can only be the name of a PHP class or of a service.
bool is_php_name(std::string_view text);

}  // namespace weft::compat
