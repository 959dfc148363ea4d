#include "app/cli/templates.hpp"

namespace weft::cli {
namespace chat_files {

std::string_view embedded_file(std::string_view key);  // made by tools/embed.py

}  // namespace chat_files

std::vector<TemplateFile> template_files(std::string_view name) {
  std::vector<TemplateFile> files;
  if (name != "chat") return files;
  for (std::string_view names = WEFT_CHAT_FILES; !names.empty();) {
    const std::size_t end = std::min(names.find('|'), names.size());
    const std::string path(names.substr(0, end));
    files.push_back({path, chat_files::embedded_file(path)});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return files;
}

}  // namespace weft::cli
