// Interest: which channels a node wants to hear, as numbers of their names (wire/mesh). Every node
// counts its own changes in versions and tells them to all others; who misses one asks for all of
// it. Pure; one loop each, but for the filter.
#pragma once
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cluster {

using ChannelHash = std::uint64_t;

/// Changes from one version to the next one.
struct InterestDelta {
  std::uint64_t from = 0, to = 0;
  std::vector<ChannelHash> added = {}, removed = {};
};

/// Ours.
class OwnInterest {
 public:
  static constexpr std::size_t kMostAtOnce = 32 << 10;  ///< changes of one delta: 256 KiB

  /// Called once per channel name that begins or ends to be of interest; names may share a hash.
  void add(ChannelHash hash);
  void remove(ChannelHash hash);

  std::uint64_t version() const { return version_; }
  bool has_changes() const { return !changed_.empty(); }
  /// At most kMostAtOnce of the changes since the last one; makes a new version.
  InterestDelta take_delta();
  /// All of it as the last delta left it.
  std::vector<ChannelHash> all() const;
  std::size_t size() const { return counts_.size(); }

 private:
  void note(ChannelHash hash, bool wanted);

  boost::unordered_flat_map<ChannelHash, std::uint32_t> counts_;
  boost::unordered_flat_map<ChannelHash, bool> changed_;  // wanted, since the last delta
  std::uint64_t version_ = 0;
};

/// Tells any thread, without a lock, that surely no other node is interested. 256 KiB.
class InterestFilter {
 public:
  void add(ChannelHash hash) { bucket(hash).fetch_add(1, std::memory_order_relaxed); }
  void remove(ChannelHash hash) { bucket(hash).fetch_sub(1, std::memory_order_relaxed); }
  bool may_contain(ChannelHash hash) const {
    return buckets_[hash % kBuckets].load(std::memory_order_relaxed) != 0;
  }

 private:
  static constexpr std::size_t kBuckets = 1 << 16;
  std::atomic<std::uint32_t>& bucket(ChannelHash hash) { return buckets_[hash % kBuckets]; }
  std::unique_ptr<std::atomic<std::uint32_t>[]> buckets_ =
      std::make_unique<std::atomic<std::uint32_t>[]>(kBuckets);
};

/// Another node's, as far as we know it.
class PeerInterest {
 public:
  explicit PeerInterest(InterestFilter& filter) : filter_(filter) {}
  ~PeerInterest() { clear(); }
  PeerInterest(const PeerInterest&) = delete;
  PeerInterest& operator=(const PeerInterest&) = delete;

  bool is_known() const { return known_; }
  std::uint64_t version() const { return version_; }
  bool contains(ChannelHash hash) const { return hashes_.contains(hash); }
  std::size_t size() const { return hashes_.size(); }

  /// A node that has just begun is interested in nothing, at version 0.
  void begin_empty() { known_ = true; }
  /// false: a version before it is missing, ask for all. One that is known already changes nothing.
  bool apply(const InterestDelta& delta);
  /// Part `part` (from 0) of `parts` of all at `version`. true when it is whole now. Parts come in
  /// order; another version begins anew.
  bool take_part(std::uint64_t version, std::uint64_t part, std::uint64_t parts,
                 std::span<const ChannelHash> hashes);
  void clear();

 private:
  void insert(ChannelHash hash);
  void erase(ChannelHash hash);

  InterestFilter& filter_;
  boost::unordered_flat_set<ChannelHash> hashes_;
  bool known_ = false;
  std::uint64_t version_ = 0;
  std::vector<ChannelHash> gathering_;  // parts of all, until the last has come
  std::uint64_t gathering_version_ = 0, next_part_ = 0;
};

/// 8 bytes each, highest first. The second gives what whole numbers there are.
void append_hashes(std::string& out, std::span<const ChannelHash> hashes);
std::vector<ChannelHash> read_hashes(std::string_view bytes);

}  // namespace weft::cluster
