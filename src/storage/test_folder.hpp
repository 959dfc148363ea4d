// For tests: a folder that is gone with all its files when its object is.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace weft::storage {

class Folder {
 public:
  Folder() {
    std::string made = "/tmp/weft-storage-XXXXXX";
    path_ = ::mkdtemp(made.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace weft::storage
