// A storage of one's own: rows in a map, and a journal of who came and went that one can read.
#pragma once
#include <fstream>
#include <map>
#include <mutex>
#include <weft/storage.hpp>

class JournalStorage : public weft::ConnectionStorage {
  template <class T>
  using Answer = weft::Task<weft::Result<T>>;
  using Id = weft::ConnectionId;
  using Row = weft::ConnectionRow;
  using Lock = std::lock_guard<std::mutex>;  // any loop may call

  std::mutex mutex_;
  std::map<Id, Row> rows_;
  std::ofstream journal_;

 public:
  explicit JournalStorage(const std::string& file) : journal_(file, std::ios::app) {}

  Answer<void> insert(Row row) override {
    const Lock lock(mutex_);
    if (!rows_.try_emplace(row.id, row).second) co_return weft::StorageErrc::exists;
    journal_ << "came " << to_string(row.id) << ' ' << row.path << std::endl;
    co_return weft::Result<void>{};
  }
  Answer<void> update(Id id, weft::ConnectionPatch patch) override {
    const Lock lock(mutex_);
    const auto row = rows_.find(id);
    if (row == rows_.end()) co_return weft::StorageErrc::not_found;
    if (patch.user) row->second.user = *patch.user;
    if (patch.attributes) row->second.attributes = *patch.attributes;
    row->second.updated_at = std::chrono::system_clock::now();
    co_return weft::Result<void>{};
  }
  Answer<bool> remove(Id id) override {
    const Lock lock(mutex_);
    journal_ << "left " << to_string(id) << std::endl;
    co_return rows_.erase(id) == 1;
  }
  Answer<std::optional<Row>> get(Id id) override {
    const Lock lock(mutex_);
    const auto row = rows_.find(id);
    co_return row == rows_.end() ? std::optional<Row>() : row->second;
  }
  Answer<weft::Page<Row>> list(weft::Cursor from, std::size_t limit) override {
    const Lock lock(mutex_);
    const auto last = weft::parse_connection_id(from).value_or(Id::none);
    if (last == Id::none && !from.empty()) co_return weft::StorageErrc::bad_cursor;
    weft::Page<Row> page;
    auto row = rows_.upper_bound(last);
    while (row != rows_.end() && page.items.size() < limit) page.items.push_back((row++)->second);
    if (row != rows_.end() && limit > 0) page.next = to_string(page.items.back().id);
    co_return page;
  }
};
