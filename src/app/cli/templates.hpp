// The projects that `weft init` writes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

struct TemplateFile {
  std::string path;  ///< below the project's folder
  std::string_view content;
};

/// Empty for an unknown name.
std::vector<TemplateFile> template_files(std::string_view name);

}  // namespace weft::cli
