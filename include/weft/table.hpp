// Table: rows that all loops and threads of a program share: a map from a key to any value, with
// counters and rows that end by themselves. What PHP programs keep in a Swoole\Table, without fixed
// sizes: rows take what they need, and a bound is a choice.
//
//   weft::Table<std::int64_t> hits;
//   hits.incr("page:7");
//   weft::Table<Player> players({.ttl = std::chrono::minutes(5)});
//   players.update("ann", [](Player& player) { ++player.score; });
//
// Threads. Every method may be called from anywhere, coroutines too: none waits for anything but
// the shard of the key, and that only for as long as its holder's own small piece of work.
// Functions given to a table run while their shard is locked: keep them short, and do not call the
// table from inside. It belongs to the program, not to a message's way: what a connection alone
// needs is better kept in its attributes.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft {

struct TableOptions {
  std::size_t shards = 64;           ///< parts with a lock each, rounded up to a power of two
  std::size_t max_rows = 0;          ///< what would be one more is refused; 0 = no bound
  std::chrono::milliseconds ttl{0};  ///< of rows that are written without one; 0 = they stay
};

template <class Value, class Key = std::string>
class Table {
 public:
  using Millis = std::chrono::milliseconds;
  /// How keys are handed in: a std::string's as text.
  using KeyView =
      std::conditional_t<std::is_same_v<Key, std::string>, std::string_view, const Key&>;

  explicit Table(TableOptions options = {}) : options_(options) {
    std::size_t shards = 1;
    while (shards < options.shards) shards *= 2;
    shards_ = std::vector<Shard>(shards);
    // Split so that no two shards have to agree before a row is added.
    if (options.max_rows > 0) rows_per_shard_ = (options.max_rows + shards - 1) / shards;
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// false = there is no room (max_rows, which is divided over the shards: at most so many rows
  /// fit, and a table that is nearly full may refuse a key whose shard is). `ttl`: nullopt = the
  /// table's, 0 = it stays.
  bool set(KeyView key, Value value, std::optional<Millis> ttl = std::nullopt) {
    return with(key, [&](Shard& shard) {
      const auto [row, made] = shard.find_or_make(key, rows_per_shard_);
      if (!row) return false;
      row->value = std::move(value);
      row->ends = end_of(ttl);
      return true;
    });
  }

  /// Only when there is no such row. false = there is one, or no room.
  bool insert(KeyView key, Value value, std::optional<Millis> ttl = std::nullopt) {
    return with(key, [&](Shard& shard) {
      const auto [row, made] = shard.find_or_make(key, rows_per_shard_);
      if (!row || !made) return false;
      row->value = std::move(value);
      row->ends = end_of(ttl);
      return true;
    });
  }

  std::optional<Value> get(KeyView key) const {
    return with(key, [&](Shard& shard) -> std::optional<Value> {
      const Row* row = shard.find(key);
      if (!row) return std::nullopt;
      return row->value;
    });
  }

  bool contains(KeyView key) const {
    return with(key, [&](Shard& shard) { return shard.find(key) != nullptr; });
  }

  /// Calls `change(Value&)` on the row, which is made from Value() when it is not there; its ttl
  /// then is the table's. A row that is there keeps the end it has. false = no room.
  template <class F>
  bool update(KeyView key, F&& change) {
    return with(key, [&](Shard& shard) {
      const auto [row, made] = shard.find_or_make(key, rows_per_shard_);
      if (!row) return false;
      if (made) row->ends = end_of(std::nullopt);
      change(row->value);
      return true;
    });
  }

  /// Adds to a number and gives what it is then; a row that is not there begins at 0. nullopt = no
  /// room.
  std::optional<Value> incr(KeyView key, Value by = 1) requires std::is_arithmetic_v<Value> {
    std::optional<Value> now;
    update(key, [&](Value& value) { now = value = static_cast<Value>(value + by); });
    return now;
  }
  std::optional<Value> decr(KeyView key, Value by = 1) requires std::is_arithmetic_v<Value> {
    std::optional<Value> now;
    update(key, [&](Value& value) { now = value = static_cast<Value>(value - by); });
    return now;
  }

  /// A row lives on for `ttl` from now; 0 = it stays. false = there is none.
  bool expire(KeyView key, Millis ttl) {
    return with(key, [&](Shard& shard) {
      Row* row = shard.find(key);
      if (row) row->ends = end_of(ttl);
      return row != nullptr;
    });
  }

  /// true = there was one.
  bool erase(KeyView key) {
    return with(key, [&](Shard& shard) { return shard.erase(key); });
  }

  /// Calls `visit(const Key&, const Value&)` for every row, shard by shard: each shard is seen as
  /// it is at one moment, the whole is not.
  template <class F>
  void for_each(F&& visit) const {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.sweep_all();
      for (const auto& [key, row] : shard.rows) visit(key, row.value);
    }
  }

  /// Rows whose end has come count until something looks at them.
  std::size_t size() const {
    std::size_t rows = 0;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      rows += shard.rows.size();
    }
    return rows;
  }

  void clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.rows.clear();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  struct Row {
    Value value{};
    Clock::time_point ends = kNever;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(KeyView key) const { return std::hash<std::decay_t<KeyView>>{}(key); }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<Key, Row, Hash, std::equal_to<>> rows;
    std::size_t swept = 0;  // the bucket that is looked at next

    Row* find(KeyView key) {
      const auto found = rows.find(key);
      if (found == rows.end()) return nullptr;
      if (!has_ended(found->second)) return &found->second;
      rows.erase(found);
      return nullptr;
    }
    std::pair<Row*, bool> find_or_make(KeyView key, std::size_t limit) {
      sweep_some();
      if (Row* row = find(key)) return {row, false};
      if (limit > 0 && rows.size() >= limit) sweep_all();
      if (limit > 0 && rows.size() >= limit) return {nullptr, false};
      return {&rows[Key(key)], true};
    }
    bool erase(KeyView key) {
      if (!find(key)) return false;
      rows.erase(rows.find(key));
      return true;
    }
    static bool has_ended(const Row& row) { return row.ends != kNever && Clock::now() >= row.ends; }
    // Who writes looks at two buckets, so rows that nobody asks for again go too.
    void sweep_some() {
      for (int i = 0; i < 2 && !rows.empty(); ++i) {
        swept = (swept + 1) % rows.bucket_count();
        for (auto row = rows.begin(swept); row != rows.end(swept); ++row)
          if (has_ended(row->second)) {
            rows.erase(rows.find(row->first));
            break;
          }
      }
    }
    void sweep_all() {
      std::erase_if(rows, [](const auto& row) { return has_ended(row.second); });
    }
  };

  Clock::time_point end_of(std::optional<Millis> ttl) const {
    const Millis time = ttl.value_or(options_.ttl);
    return time.count() > 0 ? Clock::now() + time : kNever;
  }
  template <class F>
  auto with(KeyView key, F&& work) const {
    // The map uses the low bits of the hash.
    const std::size_t hash = Hash{}(key)*0x9E3779B97F4A7C15u;
    Shard& shard = shards_[(hash >> 40) & (shards_.size() - 1)];
    const std::lock_guard lock(shard.mutex);
    return work(shard);
  }

  TableOptions options_;
  std::size_t rows_per_shard_ = 0;  // 0 = no bound
  mutable std::vector<Shard> shards_;
};

}  // namespace weft
