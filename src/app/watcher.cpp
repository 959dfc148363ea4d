#include "app/watcher.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/log.hpp"
#include "weft/result.hpp"

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR;
constexpr Millis kBurst{50};
constexpr std::size_t kMostFolders = 2000;

bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name == "node_modules";
}

}  // namespace

class Watcher::State : public std::enable_shared_from_this<State> {
 public:
  State(net::Loop& loop, std::function<void(const std::vector<std::string>&)> on_change)
      : events_(loop.context(), ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
        burst_(loop.context()),
        on_change_(std::move(on_change)) {}

  void watch(const fs::path& folder) {
    if (folders_.size() >= kMostFolders) return;
    const int id = ::inotify_add_watch(events_.native_handle(), folder.c_str(), kEvents);
    if (id < 0)
      return log::warn("cannot watch {} for changes: {}", folder.string(), std::strerror(errno));
    folders_[id] = folder;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
      if (entry.is_directory(ignored) && !entry.is_symlink(ignored) && !is_hidden(entry.path()))
        watch(entry.path());
  }

  void read() {
    events_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (error || self->stopped_) return;
                              self->take(size);
                              self->read();
                            });
  }

  void stop() {
    stopped_ = true;
    error_code ignored;
    events_.close(ignored);
    burst_.cancel();
  }

  std::size_t folders() const { return folders_.size(); }

 private:
  void take(std::size_t size) {
    for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
      inotify_event event;
      std::memcpy(&event, buffer_.data() + at, sizeof event);
      const char* name = buffer_.data() + at + sizeof event;
      at += sizeof event + event.len;
      const auto folder = folders_.find(event.wd);
      if (folder == folders_.end() || event.len == 0) continue;
      note(folder->second / name, event.mask);
    }
    if (changed_.empty() || waiting_) return;
    waiting_ = true;
    burst_.expires_after(kBurst);
    burst_.async_wait([self = shared_from_this()](error_code error) {
      self->waiting_ = false;
      if (error || self->stopped_) return;
      const std::vector<std::string> changed = std::exchange(self->changed_, {});
      self->on_change_(changed);
    });
  }

  void note(const fs::path& path, std::uint32_t mask) {
    if (is_hidden(path) || path.string().ends_with('~')) return;
    if (mask & IN_ISDIR) {
      if (mask & (IN_CREATE | IN_MOVED_TO)) watch(path);
      return;
    }
    if (mask & IN_CREATE) return;  // it is told again when it is written
    if (std::ranges::find(changed_, path.string()) == changed_.end())
      changed_.push_back(path.string());
  }

  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer burst_;
  std::function<void(const std::vector<std::string>&)> on_change_;
  std::map<int, fs::path> folders_;
  std::vector<std::string> changed_;
  bool waiting_ = false, stopped_ = false;
  alignas(inotify_event) std::array<char, 16 << 10> buffer_;
};

Watcher::Watcher(net::Loop& loop, std::vector<std::string> folders,
                 std::function<void(const std::vector<std::string>&)> on_change)
    : state_(std::make_shared<State>(loop, std::move(on_change))) {
  for (const std::string& folder : folders) state_->watch(folder);
  state_->read();
}

Watcher::~Watcher() { state_->stop(); }

std::size_t Watcher::folders() const { return state_->folders(); }

}  // namespace weft
