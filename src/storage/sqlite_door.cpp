#include "storage/sqlite_door.hpp"

namespace weft::storage {

error_code of_storage(error_code error) {
  const error_code ours = make_error_code(StorageErrc::unavailable);
  if (error.category() == ours.category()) return error;
  return error == sqlite::SqliteErrc::busy ? StorageErrc::timed_out : StorageErrc::unavailable;
}

}  // namespace weft::storage
