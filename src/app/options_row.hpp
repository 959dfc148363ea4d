// How the rows of the options table are written: Row names what a key takes, Table collects the
// rows. For options_*.cpp only.
#pragma once
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/options.hpp"

namespace weft {

inline constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

template <class Value>
constexpr OptionType type_of() {
  if constexpr (std::is_same_v<Value, bool>) return OptionType::boolean;
  if constexpr (std::is_same_v<Value, unsigned> || std::is_same_v<Value, std::size_t>)
    return OptionType::integer;
  if constexpr (std::is_same_v<Value, Millis>) return OptionType::duration;
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) return OptionType::texts;
  if constexpr (std::is_same_v<Value, OptionPairs>) return OptionType::pairs;
  if constexpr (std::is_enum_v<Value>) return OptionType::choice;
  return OptionType::text;
}

template <class Value>
Field field_of(Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    static_assert(sizeof(Value) == 1);
    return reinterpret_cast<unsigned char*>(&value);
  } else {
    return &value;
  }
}

/// One row while it is written.
class Row {
 public:
  explicit Row(Option& option) : option_(option) {}
  Row& bytes(std::uint64_t least, std::uint64_t most) {
    option_.type = OptionType::bytes;
    return range(least, most);
  }
  Row& range(std::uint64_t least, std::uint64_t most) {
    option_.least = least;
    option_.most = most;
    return *this;
  }
  Row& address() { return type(OptionType::address); }
  Row& path() {
    return type(option_.type == OptionType::texts ? OptionType::paths : OptionType::path);
  }
  Row& one_of(std::vector<std::string> choices) {
    option_.choices = std::move(choices);
    if (option_.type == OptionType::texts) option_.type = OptionType::choices;
    return *this;
  }
  /// Another word for a choice.
  Row& alias(std::string word, std::string choice) {
    option_.aliases.emplace(std::move(word), std::move(choice));
    return *this;
  }
  Row& live() { return option_.live = true, *this; }
  Row& secret() { return option_.secret = true, *this; }
  Row& required() { return option_.required = true, *this; }
  Row& example(std::string text) { return option_.example = std::move(text), *this; }
  Row& inherits(std::string key) { return option_.inherits = std::move(key), *this; }

 private:
  Row& type(OptionType type) { return option_.type = type, *this; }
  Option& option_;
};

class Table {
 public:
  /// `get` takes the item the key stands in (the whole Config, or one path …) and gives its field.
  template <class Item, class Get>
  Row add(std::string key, Get get, std::string help) {
    Option option;
    option.key = std::move(key);
    option.type = type_of<std::remove_reference_t<std::invoke_result_t<Get, Item&>>>();
    option.field = [get](void* item) { return field_of(get(*static_cast<Item*>(item))); };
    option.help = std::move(help);
    rows_.push_back(std::move(option));
    return Row{rows_.back()};
  }
  std::vector<Option> take() { return std::move(rows_); }

 private:
  std::vector<Option> rows_;
};

// Each file of rows but options_table.cpp, which puts them together.
void add_cluster(Table& table);
void add_client(Table& table);
void add_paths(Table& table);
void add_sockets(Table& table);
void add_queues(Table& table);
void add_redis_and_lua(Table& table);
void add_workers(Table& table);
void add_framework(Table& table);
void add_framework_paths(Table& table);  ///< of `paths`: called by add_paths()

}  // namespace weft
