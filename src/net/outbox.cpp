#include "net/outbox.hpp"

#include <algorithm>

namespace weft::net {

void Outbox::push(SharedBytes bytes, bool droppable) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  Entry entry{std::move(bytes), droppable};
  if (empty())
    first_ = std::move(entry);
  else
    rest_.push_back(std::move(entry));
}

std::size_t Outbox::gather(std::span<iovec> out) const {
  if (empty() || out.empty()) return 0;
  const auto view = [](const Entry& entry, std::size_t from) {
    const std::span<const std::byte> left = entry.bytes.bytes().subspan(from);
    return iovec{const_cast<std::byte*>(left.data()),
                 left.size()};  // NOLINT: writev's type wants it
  };
  out[0] = view(first_, sent_);
  std::size_t used = 1;
  for (std::size_t i = head_; i < rest_.size() && used < out.size(); ++i)
    out[used++] = view(rest_[i], 0);
  return used;
}

void Outbox::consume(std::size_t size) {
  bytes_ -= size;
  sent_ += size;
  while (!empty() && sent_ >= first_.bytes.size()) {
    sent_ -= first_.bytes.size();
    next();
  }
}

void Outbox::next() {
  if (head_ < rest_.size()) {
    first_ = std::move(rest_[head_++]);
  } else {
    first_ = {};
  }
  if (head_ == rest_.size() && head_ != 0) {
    rest_ = {};
    head_ = 0;
  }
}

std::size_t Outbox::drop_oldest(std::size_t limit) {
  std::size_t dropped = 0;
  const auto drops = [&](const Entry& entry) {
    if (bytes_ <= limit || !entry.droppable) return false;
    bytes_ -= entry.bytes.size();
    ++dropped;
    return true;
  };
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
  const bool drop_first = !empty() && sent_ == 0 && drops(first_);
  rest_.erase(std::remove_if(rest_.begin(), rest_.end(), drops), rest_.end());
  if (drop_first) next();
  return dropped;
}

void Outbox::clear() { *this = {}; }

}  // namespace weft::net
