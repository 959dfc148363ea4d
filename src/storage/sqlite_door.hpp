// What both SQLite storages share: what SQLite's errors mean to those who ask a storage.
#pragma once
#include "driver/sqlite/database.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

/// Errors of a storage are left as they are; those of SQLite become timed_out and unavailable.
error_code of_storage(error_code error);

template <class T>
Task<Result<T>> ask(sqlite::Database& database, std::function<Result<T>(sqlite::Handle&)> job) {
  auto result = co_await database.run(std::move(job));
  if (!result) co_return Result<T>(boost::system::in_place_error, of_storage(result.error()));
  co_return result;
}

/// For jobs that give nothing back.
inline Result<void> done(error_code error) {
  if (error) return error;
  return {};
}

}  // namespace weft::storage
