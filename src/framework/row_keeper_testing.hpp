// For tests of RowKeeper: rows of a node, and what of them a storage holds.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/row_keeper.hpp"
#include "net/test_loop.hpp"

namespace weft::framework {

inline ConnectionId id_of(int number, unsigned slot) {
  return ConnectionId{(std::int64_t{1000} + number) << 22 | std::int64_t{slot} << 10};
}

inline ConnectionRow row_of(int number, unsigned slot, std::string user = "") {
  ConnectionRow row;
  row.id = id_of(number, slot);
  row.slot = slot;
  row.created_at = row.updated_at = Time(std::chrono::seconds(1'800'000'000));
  row.user = std::move(user);
  row.path = "/chat";
  return row;
}

inline RowKeeperSettings settings_of(unsigned slot, std::string boot = "first",
                                     Millis lease = std::chrono::minutes(1)) {
  RowKeeperSettings settings;
  settings.slot = slot;
  settings.boot = std::move(boot);
  settings.lease = lease;
  return settings;
}

/// Ids in the storage, in order.
inline std::vector<ConnectionId> ids_in(ConnectionStorage& storage, net::TestLoop& test) {
  std::vector<ConnectionId> ids;
  Cursor from;
  do {
    const auto page = test.run(storage.list(from, 100));
    if (!page) return {};
    for (const ConnectionRow& row : page->items) ids.push_back(row.id);
    from = page->next;
  } while (!from.empty());
  return ids;
}

}  // namespace weft::framework
