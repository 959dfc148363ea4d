#include "framework/row_keeper.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/log.hpp"

namespace weft::framework {

using std::chrono::steady_clock;

namespace {

constexpr std::size_t kPage = 500;  // rows of one list() while comparing
constexpr Millis kFirstPause{50};

bool is_outage(error_code error) {
  return error == StorageErrc::unavailable || error == StorageErrc::timed_out;
}

}  // namespace

/// Rows that are being written side by side.
struct Batch {
  std::size_t left = 0;
  error_code error;
  net::Doorbell done;
};

RowKeeper::RowKeeper(net::Loop& home, std::shared_ptr<ConnectionStorage> storage,
                     metrics::Registry& metrics, RowKeeperSettings settings)
    : home_(home),
      storage_(std::move(storage)),
      settings_(std::move(settings)),
      live_rows_(metrics.gauge("weft_storage_rows", "rows of connections this node keeps")),
      behind_(metrics.gauge("weft_storage_rows_behind", "rows that are not yet as they should be")),
      failed_(metrics.counter("weft_storage_failures_total",
                              "attempts to write rows that the storage did not answer")) {}

void RowKeeper::set_on_removed(std::function<void(ConnectionId)> on_removed) {
  on_removed_ = std::move(on_removed);
}

void RowKeeper::start() {
  home_.dispatch([self = shared_from_this()] {
    if (std::exchange(self->started_, true)) return;
    self->running_ = true;
    boost::asio::co_spawn(self->home_.context(), run(self), boost::asio::detached);
  });
}

void RowKeeper::opened(ConnectionRow row) {
  home_.dispatch([self = shared_from_this(), row = std::move(row)]() mutable {
    const ConnectionId id = row.id;
    Row made;
    made.wanted = std::move(row);
    if (!self->rows_.try_emplace(id, std::move(made)).second) return;
    self->live_rows_.add(1);
    self->mark(id);
  });
}

void RowKeeper::changed(ConnectionId id, ConnectionPatch patch) {
  home_.dispatch([self = shared_from_this(), id, patch = std::move(patch)]() mutable {
    const auto found = self->rows_.find(id);
    if (found == self->rows_.end() || !found->second.is_live) return;
    Row& row = found->second;
    if (patch.user) row.wanted.user = std::move(*patch.user);
    if (patch.attributes) row.wanted.attributes = std::move(*patch.attributes);
    row.wanted.updated_at = std::chrono::system_clock::now();
    ++row.version;
    self->mark(id);
  });
}

void RowKeeper::closed(ConnectionId id) {
  home_.dispatch([self = shared_from_this(), id] {
    const auto found = self->rows_.find(id);
    if (found == self->rows_.end() || !found->second.is_live) return;
    found->second.is_live = false;
    ++found->second.version;
    self->live_rows_.add(-1);
    if (self->finished_) return self->forget(id);
    self->mark(id);
  });
}

void RowKeeper::stop(std::function<void()> done) {
  home_.dispatch([self = shared_from_this(), done = std::move(done)]() mutable {
    if (self->finished_) return done();
    self->stopped_.ring();
    self->on_stopped_.push_back(std::move(done));
    if (std::exchange(self->stopping_, true)) return;
    self->started_ = true;
    self->changed_.ring();
    if (!self->running_)
      boost::asio::co_spawn(self->home_.context(), finish(self), boost::asio::detached);
  });
}

void RowKeeper::mark(ConnectionId id) {
  dirty_.insert(id);
  behind_.set(static_cast<std::int64_t>(dirty_.size()));
  changed_.ring();
}

/// The row of a closed connection is not, or no longer, in the storage.
void RowKeeper::forget(ConnectionId id) {
  const auto gone = rows_.extract(id);
  if (gone && !gone.mapped().is_stray && on_removed_) on_removed_(id);
}

Task<void> RowKeeper::run(Self self) {
  while (!self->stopping_) {
    const std::uint64_t rings = self->changed_.rings();
    const std::uint64_t stops = self->stopped_.rings();
    Result<void> done;
    try {
      done = co_await step(self);
    } catch (const std::exception& exception) {  // out of a storage of the program
      log::error("storage: {}", exception.what());
      done = StorageErrc::unavailable;
    }
    if (self->stopping_) break;
    if (!done) {
      self->must_compare_ = true;
      self->failed_.add();
      if (self->failures_++ == 0)
        log::warn("storage: {}: rows of connections will follow", done.error().message());
      co_await self->stopped_.wait(stops, steady_clock::now() + self->pause_after_failure());
      continue;
    }
    if (std::exchange(self->failures_, 0) > 0) log::info("storage: it answers again");
    if (self->dirty_.empty()) co_await self->changed_.wait(rings, self->lease_due_);
  }
  self->running_ = false;
  co_await finish(self);
}

Millis RowKeeper::pause_after_failure() const {
  return std::min(settings_.longest_pause, kFirstPause * (1 << std::min(failures_, 10u)));
}

// While the storage was away its lease is asked for first: one call finds out whether it is back.
Task<Result<void>> RowKeeper::step(Self self) {
  if (self->failures_ > 0 || steady_clock::now() >= self->lease_due_) {
    const auto kept = co_await keep_lease(self);
    if (!kept) co_return kept;
  }
  if (self->must_compare_) {
    const auto compared = co_await compare(self);
    if (!compared) co_return compared;
  }
  co_return co_await write_batch(self);
}

Task<Result<void>> RowKeeper::keep_lease(Self self) {
  const RowKeeperSettings& settings = self->settings_;
  const SteadyTime asked = steady_clock::now();
  const auto was_running =
      co_await self->storage_->keep_node(settings.slot, settings.boot, settings.lease);
  if (!was_running) co_return was_running.error();
  self->lease_due_ = asked + settings.lease / 3;
  if (!*was_running && self->had_lease_) {
    log::warn(
        "storage: the lease of this node had run out: its rows are compared (has another node "
        "slot {}?)",
        settings.slot);
    self->must_compare_ = true;
  }
  self->had_lease_ = true;
  co_return co_await reap(self);
}

Task<Result<void>> RowKeeper::reap(Self self) {
  const auto dead = co_await self->storage_->dead_nodes();
  if (!dead) co_return dead.error();
  for (const unsigned slot : *dead) {
    if (slot == self->settings_.slot) continue;
    const auto dropped = co_await self->storage_->drop_dead_node(slot);
    if (!dropped) co_return dropped.error();
    if (*dropped > 0)
      log::warn("storage: the node of slot {} is gone: {} rows dropped", slot, *dropped);
  }
  co_return Result<void>{};
}

// What opens and closes meanwhile marks itself. A row of the storage that nobody here knows cannot
// become known later, because ids are never used again.
Task<Result<void>> RowKeeper::compare(Self self) {
  std::set<ConnectionId> seen;
  std::vector<ConnectionId> before;
  for (const auto& [id, row] : self->rows_)
    if (row.is_live) before.push_back(id);
  Cursor from;
  do {
    const auto page = co_await self->storage_->list(from, kPage);
    if (!page) co_return page.error();
    self->compare_page(page->items, seen);
    from = page->next;
  } while (!from.empty());
  for (const ConnectionId id : before) {
    const auto found = self->rows_.find(id);
    if (found == self->rows_.end() || seen.contains(id)) continue;
    found->second.is_stored = false;
    found->second.written = 0;
    self->mark(id);
  }
  self->must_compare_ = false;
  co_return Result<void>{};
}

void RowKeeper::compare_page(const std::vector<ConnectionRow>& rows, std::set<ConnectionId>& seen) {
  for (const ConnectionRow& stored : rows) {
    if (stored.slot != settings_.slot) continue;
    seen.insert(stored.id);
    const auto [at, is_unknown] = rows_.try_emplace(stored.id);
    Row& row = at->second;
    if (is_unknown) {  // to be removed
      row.wanted.id = stored.id;
      row.is_live = false;
      row.is_stray = true;
    }
    row.is_stored = true;
    const bool is_right =
        row.is_live && stored.user == row.wanted.user && stored.attributes == row.wanted.attributes;
    if (is_right) continue;
    row.written = 0;
    mark(stored.id);
  }
}

Task<Result<void>> RowKeeper::write_batch(Self self) {
  const auto batch = std::make_shared<Batch>();
  std::vector<ConnectionId> ids;
  for (const ConnectionId id : self->dirty_) {
    if (ids.size() == self->settings_.batch) break;
    ids.push_back(id);
  }
  batch->left = ids.size();
  for (const ConnectionId id : ids) self->dirty_.erase(id);
  for (const ConnectionId id : ids)
    boost::asio::co_spawn(self->home_.context(), write_one(self, id, batch), boost::asio::detached);
  while (batch->left > 0) {
    const std::uint64_t rings = batch->done.rings();
    if (batch->left > 0) co_await batch->done.wait(rings, SteadyTime::max());
  }
  self->behind_.set(static_cast<std::int64_t>(self->dirty_.size()));
  if (batch->error) co_return batch->error;
  co_return Result<void>{};
}

Task<void> RowKeeper::write_one(Self self, ConnectionId id, std::shared_ptr<Batch> batch) {
  Result<void> done;
  try {
    done = co_await write(self, id);
  } catch (const std::exception& exception) {  // out of a storage of the program
    log::error("storage: {}", exception.what());
    done = StorageErrc::unavailable;
  }
  if (!done && is_outage(done.error())) {
    self->dirty_.insert(id);
    batch->error = done.error();
  } else if (!done) {  // trying again would not help
    log::error("storage: the row of connection {}: {}", to_string(id), done.error().message());
    const auto found = self->rows_.find(id);
    if (found != self->rows_.end() && !found->second.is_live) self->forget(id);
  }
  if (--batch->left == 0) batch->done.ring();
}

Task<Result<void>> RowKeeper::write(Self self, ConnectionId id) {
  const auto before = self->rows_.find(id);
  if (before == self->rows_.end()) co_return Result<void>{};
  const std::uint64_t version = before->second.version;
  const bool is_live = before->second.is_live, was_stored = before->second.is_stored;
  if (is_live && was_stored && before->second.written == version) co_return Result<void>{};
  Result<void> done;
  before->second.is_stored = is_live || was_stored;  // from now on it may be, whatever we hear
  if (is_live) {
    done = co_await insert_or_update(self, before->second.wanted, was_stored);
  } else if (was_stored) {
    const auto removed = co_await self->storage_->remove(id);
    if (!removed) done = removed.error();
  }
  if (!done) co_return done;
  const auto after = self->rows_.find(id);
  if (after == self->rows_.end()) co_return done;
  if (!is_live) {
    self->forget(id);
    co_return done;
  }
  after->second.written = version;
  if (after->second.version != version) self->mark(id);
  co_return done;
}

Task<Result<void>> RowKeeper::insert_or_update(Self self, ConnectionRow row, bool is_stored) {
  const ConnectionId id = row.id;
  ConnectionPatch patch;
  patch.user = row.user;
  patch.attributes = row.attributes;
  if (!is_stored) {
    const auto inserted = co_await self->storage_->insert(std::move(row));
    if (inserted || inserted.error() != StorageErrc::exists) co_return inserted;
    co_return co_await self->storage_->update(id, std::move(patch));  // an answer was lost
  }
  const auto updated = co_await self->storage_->update(id, std::move(patch));
  if (updated || updated.error() != StorageErrc::not_found) co_return updated;
  co_return co_await self->storage_->insert(std::move(row));
}

Task<void> RowKeeper::finish(Self self) {
  const auto dropped = co_await self->storage_->drop_node(self->settings_.slot);
  if (!dropped)
    log::warn("storage: {}: the rows of this node go with its lease", dropped.error().message());
  self->finished_ = true;
  std::vector<ConnectionId> closed;
  for (const auto& [id, row] : self->rows_)
    if (!row.is_live) closed.push_back(id);
  for (const ConnectionId id : closed) self->forget(id);
  for (const auto& done : std::exchange(self->on_stopped_, {})) done();
}

}  // namespace weft::framework
