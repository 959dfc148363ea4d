#include "cluster/interest.hpp"

#include "base/bytes.hpp"

namespace weft::cluster {

void OwnInterest::add(ChannelHash hash) {
  if (++counts_[hash] == 1) note(hash, true);
}

void OwnInterest::remove(ChannelHash hash) {
  const auto found = counts_.find(hash);
  if (found == counts_.end() || --found->second > 0) return;
  counts_.erase(found);
  note(hash, false);
}

// What came and went since the last delta is not told at all.
void OwnInterest::note(ChannelHash hash, bool wanted) {
  const auto [place, is_new] = changed_.emplace(hash, wanted);
  if (!is_new) changed_.erase(place);
}

InterestDelta OwnInterest::take_delta() {
  InterestDelta delta{.from = version_, .to = version_ + 1};
  for (auto change = changed_.begin();
       change != changed_.end() && delta.added.size() + delta.removed.size() < kMostAtOnce;) {
    (change->second ? delta.added : delta.removed).push_back(change->first);
    changed_.erase(change++);
  }
  ++version_;
  return delta;
}

std::vector<ChannelHash> OwnInterest::all() const {
  std::vector<ChannelHash> all;
  all.reserve(counts_.size());
  for (const auto& [hash, count] : counts_)
    if (!changed_.contains(hash)) all.push_back(hash);
  for (const auto& [hash, wanted] : changed_)
    if (!wanted) all.push_back(hash);  // the others still count on it
  return all;
}

bool PeerInterest::apply(const InterestDelta& delta) {
  if (!known_) return false;
  if (delta.to <= version_) return true;
  if (delta.from != version_) return false;
  for (const ChannelHash hash : delta.added) insert(hash);
  for (const ChannelHash hash : delta.removed) erase(hash);
  version_ = delta.to;
  return true;
}

bool PeerInterest::take_part(std::uint64_t version, std::uint64_t part, std::uint64_t parts,
                             std::span<const ChannelHash> hashes) {
  if (known_ && version < version_) return false;
  if (part == 0) {
    gathering_.clear();
    gathering_version_ = version;
    next_part_ = 0;
  }
  if (version != gathering_version_ || part != next_part_) return false;
  ++next_part_;
  gathering_.insert(gathering_.end(), hashes.begin(), hashes.end());
  if (next_part_ < parts) return false;
  const std::vector<ChannelHash> whole = std::move(gathering_);
  clear();
  for (const ChannelHash hash : whole) insert(hash);
  known_ = true;
  version_ = version;
  return true;
}

void PeerInterest::clear() {
  for (const ChannelHash hash : hashes_) filter_.remove(hash);
  hashes_.clear();
  gathering_.clear();
  known_ = false;
  version_ = next_part_ = 0;
}

void PeerInterest::insert(ChannelHash hash) {
  if (hashes_.insert(hash).second) filter_.add(hash);
}

void PeerInterest::erase(ChannelHash hash) {
  if (hashes_.erase(hash) > 0) filter_.remove(hash);
}

void append_hashes(std::string& out, std::span<const ChannelHash> hashes) {
  for (const ChannelHash hash : hashes) {
    std::byte bytes[8];
    store_big_endian(bytes, hash);
    out.append(as_text(bytes));
  }
}

std::vector<ChannelHash> read_hashes(std::string_view bytes) {
  std::vector<ChannelHash> hashes;
  hashes.reserve(bytes.size() / 8);
  for (; bytes.size() >= 8; bytes.remove_prefix(8))
    hashes.push_back(load_big_endian(as_bytes(bytes.substr(0, 8))));
  return hashes;
}

}  // namespace weft::cluster
