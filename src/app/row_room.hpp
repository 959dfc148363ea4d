// RowRoom: the storage of this node's connections, which the program gave or the configuration
// names, and the keeper of their rows.
#pragma once
#include <functional>
#include <memory>

#include "app/config.hpp"
#include "framework/application.hpp"
#include "framework/row_keeper.hpp"
#include "net/loop.hpp"

namespace weft {

class RowRoom {
 public:
  /// `home` and `application` outlive it. May start a thread. Throws std::runtime_error.
  RowRoom(const Config& config, net::Loop& home, metrics::Registry& metrics,
          const framework::Application& application);

  /// null = storages.connection is none.
  const std::shared_ptr<ConnectionStorage>& storage() const { return storage_; }
  const std::shared_ptr<framework::RowKeeper>& rows() const { return rows_; }

  void start();
  /// Drops the rows of this node and calls `done` on the home loop. Any thread.
  void stop(std::function<void()> done);

 private:
  net::Loop& home_;
  std::shared_ptr<ConnectionStorage> storage_;
  std::shared_ptr<framework::RowKeeper> rows_;
};

}  // namespace weft
