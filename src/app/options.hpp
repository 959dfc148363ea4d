// The options table: one row for each key of weft.yaml. Parsing, defaults, environment names,
// `config dump`, `config explain` and the reference in docs/config.md all come from these rows.
// Knows no YAML and no files.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.hpp"

namespace weft {

/// Where a value lies in a Config or in one item of its lists. The unsigned char is an enum's.
using Field = std::variant<bool*, unsigned*, std::size_t*, Millis*, std::string*,
                           std::vector<std::string>*, OptionPairs*, unsigned char*>;

enum class OptionType : std::uint8_t {
  boolean,
  integer,
  bytes,
  duration,
  text,
  address,
  path,
  choice,
  texts,
  paths,
  choices,  // lists
  pairs,
};

struct Option {
  std::string key;  ///< "client.max_message"; "paths[].script" in each item of a list
  OptionType type = OptionType::text;
  std::function<Field(void*)> field;  ///< of the Config, or of the list's item
  std::string help;
  std::string example;
  std::uint64_t least = 0, most = 0;  ///< of integers, bytes, and durations in ms; both 0 = any
  std::vector<std::string> choices = {};
  OptionPairs aliases = {};   ///< other words for choices
  std::string inherits = {};  ///< the key that gives the default, "" = the row itself
  bool live = false;          ///< SIGHUP takes a new value
  bool secret = false;        ///< never printed
  bool required = false;      ///< in every item of its list

  bool is_list() const { return type >= OptionType::texts && type <= OptionType::choices; }
};

/// A list of structs: "paths", "api.access.users".
struct ListOption {
  std::string key;
  std::string help;
  std::function<void*(Config&)> append;
  std::function<std::size_t(const Config&)> size;
  std::function<void*(Config&, std::size_t)> at;
  std::function<void(Config&)> clear;
};

/// All rows, in the order of the reference.
std::span<const Option> options();
std::span<const ListOption> option_lists();

/// `key` without the name of the one key that its section may stand for: "listen.api.address" may
/// be written as "listen.api", "storages.connection.engine" as "storages.connection".
std::string_view without_shorthand(std::string_view key);

/// The row of `key`; "paths[3].script" and "paths.script" find "paths[].script", and "listen.api"
/// finds "listen.api.address". nullptr when there is none.
const Option* find_option(std::string_view key);
const ListOption* find_list(std::string_view key);

/// Writes `text` to `field`. nullopt = fine, else what is wrong with it, without the key:
/// `"10" is not a duration`. Lists take their items separated by commas.
std::optional<std::string> parse_value(const Option& option, std::string_view text, Field field);

/// The value as one would write it in YAML, lists as [a, b].
std::string format_value(const Option& option, Field field);

/// "bytes from 1KiB to 64MiB": what `option` takes.
std::string describe_range(const Option& option);
std::string_view type_name(OptionType type);

/// The default as text; for rows that inherit, "the value of client.max_message".
std::string default_text(const Option& option);

/// WEFT_CLIENT_MAX_MESSAGE; "" for rows inside lists, which the environment cannot set.
std::string environment_name(const Option& option);

/// The candidate with the smallest edit distance to `word`, when it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace weft
