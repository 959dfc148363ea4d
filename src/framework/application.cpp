#include "framework/application.hpp"

#include <algorithm>

namespace weft::framework {

PathParts& Application::parts(const std::string& path) {
  return path.empty() ? everywhere_ : paths_[path];
}

const PathParts* Application::find(const std::string& path) const {
  const auto found = paths_.find(path);
  return found == paths_.end() ? nullptr : &found->second;
}

std::set<std::string> Application::guarded_paths() const {
  std::set<std::string> guarded = message_middleware.paths();
  for (const auto& [path, parts] : paths_)
    if (!parts.handshake.empty() || !parts.open.empty() || parts.codec) guarded.insert(path);
  return guarded;
}

ModuleBook& Application::module(const std::string& path) {
  for (const auto& known : modules_)
    if (known->path() == path) return *known;
  return *modules_.emplace_back(std::make_unique<ModuleBook>(path));
}

void Application::seal_modules() {
  for (const auto& book : modules_)
    sealed_[book->path()] = std::make_shared<const SealedModule>(*book, message_middleware);
}

std::shared_ptr<const SealedModule> Application::sealed_module(const std::string& path) const {
  const auto found = sealed_.find(path);
  return found == sealed_.end() ? nullptr : found->second;
}

bool Application::has_listeners() const {
  return !everywhere_.listeners.entries().empty() ||
         std::any_of(paths_.begin(), paths_.end(),
                     [](const auto& path) { return !path.second.listeners.entries().empty(); });
}

}  // namespace weft::framework
