#include "driver/sqlite/database.hpp"

#include <pthread.h>

#include <csignal>
#include <exception>

namespace weft::sqlite {
namespace {

constexpr std::size_t kMaxBatch = 512;  // jobs of one transaction

}  // namespace

Database::Database(SqliteOptions options) : options_(std::move(options)) {
  // Signals are for the thread that reads them, which may not have begun to: not for this one.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { serve(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread_.native_handle(), "sqlite");
}

Database::~Database() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  came_.notify_one();
  thread_.join();
}

void Database::submit(Job job, Done done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(job), std::move(done)});
  }
  came_.notify_one();
}

void Database::serve() {
  for (;;) {
    std::vector<Waiting> batch;
    {
      std::unique_lock lock(mutex_);
      came_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) break;
      const auto end =
          waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMaxBatch));
      batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
    }
    carry_out(batch);
    for (Waiting& one : batch) one.done(one.error);
  }
  handle_.reset();
}

void Database::carry_out(std::vector<Waiting>& batch) {
  error_code failed;
  if (!handle_) {
    auto opened = Handle::open(options_);
    if (opened)
      handle_ = std::move(*opened);
    else
      failed = opened.error();
  }
  if (!failed) failed = handle_->run("BEGIN IMMEDIATE");
  if (!failed) {
    for (Waiting& one : batch) one.error = carry_out(one);
    failed = handle_->run("COMMIT");
    if (failed) handle_->run("ROLLBACK");
  }
  if (!failed) return;
  for (Waiting& one : batch) one.error = failed;
  const bool is_of_no_use = failed != SqliteErrc::busy && failed != SqliteErrc::full;
  if (is_of_no_use) handle_.reset();  // it may be better after opening the file again
}

error_code Database::carry_out(Waiting& one) {
  if (const error_code error = handle_->ask("SAVEPOINT job").finish()) return error;
  error_code error;
  try {
    error = one.job(*handle_);
  } catch (const std::exception&) {  // no memory
    error = SqliteErrc::failed;
  }
  if (error) handle_->ask("ROLLBACK TO job").finish();
  const error_code released = handle_->ask("RELEASE job").finish();
  return error ? error : released;
}

}  // namespace weft::sqlite
