#include "net/outbox.hpp"

#include <algorithm>
#include <utility>

namespace weft::net {
namespace {

constexpr std::size_t kForgetAfter = 64;  // entries

SharedBytes join(std::span<const std::byte> left, std::span<const std::byte> head,
                 std::span<const std::byte> body, std::size_t room) {
  SharedBytes all = SharedBytes::with_room(room);
  all.append(left);
  all.append(head);
  all.append(body);
  return all;
}

}  // namespace

void Outbox::push(SharedBytes bytes, bool droppable) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  Entry entry{std::move(bytes), droppable};
  if (empty()) {
    first_ = std::move(entry);
    return;
  }
  if (!rest_) rest_ = std::make_unique<Rest>();
  rest_->entries.push_back(std::move(entry));
}

void Outbox::push_shared(const SharedBytes& bytes, bool droppable, Joined& joined) {
  Entry* const last = droppable ? nullptr : last_to_join(bytes.size());
  if (!last) return push(bytes, droppable);
  bytes_ += bytes.size();
  if (joined.left.is_same(last->bytes) && joined.right.is_same(bytes)) {
    last->bytes = joined.both;
  } else if (last->bytes.room() >= bytes.size()) {
    last->bytes.append(bytes.bytes());
  } else {
    const std::size_t size = last->bytes.size() + bytes.size();
    SharedBytes both = join(last->bytes.bytes(), bytes.bytes(), {}, size);
    joined = {std::exchange(last->bytes, both), bytes, std::move(both)};
  }
}

void Outbox::append(std::span<const std::byte> head, std::span<const std::byte> body) {
  const std::size_t size = head.size() + body.size();
  Entry* const last = last_to_join(size);
  if (!last) return push(join({}, head, body, size));
  bytes_ += size;
  if (last->bytes.room() < size) {
    // Room for as much again, so that not every frame needs a new block.
    last->bytes = join(last->bytes.bytes(), head, body, 2 * (last->bytes.size() + size));
  } else {
    last->bytes.append(head);
    last->bytes.append(body);
  }
}

// The entry that `more` bytes may be joined to; nullptr when they had better stand alone.
Outbox::Entry* Outbox::last_to_join(std::size_t more) {
  if (empty() || more > kJoinBelow) return nullptr;
  Entry& last = rest_ ? rest_->entries.back() : first_;
  const bool is_being_sent = !rest_ && sent_ > 0;
  if (is_being_sent || last.droppable || last.bytes.size() > kJoinBelow) return nullptr;
  return &last;
}

std::size_t Outbox::gather(std::span<iovec> out) const {
  if (empty() || out.empty()) return 0;
  const auto view = [](const Entry& entry, std::size_t from) {
    const std::span<const std::byte> left = entry.bytes.bytes().subspan(from);
    return iovec{const_cast<std::byte*>(left.data()),  // NOLINT: writev's type wants it
                 left.size()};
  };
  out[0] = view(first_, sent_);
  std::size_t used = 1;
  if (!rest_) return used;
  for (std::size_t i = rest_->head; i < rest_->entries.size() && used < out.size(); ++i)
    out[used++] = view(rest_->entries[i], 0);
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
  if (!rest_) {
    first_ = {};
    return;
  }
  auto& [entries, head] = *rest_;
  first_ = std::move(entries[head++]);
  if (head == entries.size()) {
    rest_.reset();
  } else if (head >= kForgetAfter && 2 * head >= entries.size()) {
    // A peer that is always a little behind never empties the list: what left is forgotten here.
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(head));
    head = 0;
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
  const bool drop_first = !empty() && sent_ == 0 && drops(first_);
  if (rest_) {
    auto& entries = rest_->entries;
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(rest_->head));
    rest_->head = 0;
    std::erase_if(entries, drops);
    if (entries.empty()) rest_.reset();
  }
  if (drop_first) next();
  return dropped;
}

void Outbox::drop_unsent() {
  if (sent_ == 0) {
    *this = {};
    return;
  }
  rest_.reset();
  bytes_ = first_.bytes.size() - sent_;
}

}  // namespace weft::net
