#include "weft/storage.hpp"

namespace weft {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "storage"; }
  std::string message(int code) const override {
    switch (static_cast<StorageErrc>(code)) {
      case StorageErrc::unavailable:
        return "the storage cannot be reached";
      case StorageErrc::timed_out:
        return "the storage did not answer in time";
      case StorageErrc::full:
        return "the message queue is full";
      case StorageErrc::not_found:
        return "not found";
      case StorageErrc::exists:
        return "it exists already";
      case StorageErrc::bad_cursor:
        return "not a cursor that a list gave";
      case StorageErrc::bad_row:
        return "what is stored cannot be read";
    }
    return "unknown";
  }
};

}  // namespace

error_code make_error_code(StorageErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft
