// NatsAgreement: a node's bucket with its book, in the words of a store: keys to put, list and
// purge, errors that are those of NodeStore.
#pragma once
#include "cluster/nats_book.hpp"
#include "driver/nats/bucket.hpp"

namespace weft::cluster {

/// Shared by the calls that are under way.
class NatsAgreement final : public nats::BucketCopy {
 public:
  NatsAgreement(net::Loop& loop, nats::NatsOptions server, const std::string& prefix)
      : bucket(nats::Bucket::make(loop, std::move(server), nats::token_of(prefix) + "_nodes",
                                  *this)) {}
  ~NatsAgreement() override { bucket->stop(); }

  void on_begin() override { book = {}; }
  void on_stored(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
                 std::string_view text) override {
    book.apply(key, sequence, stored_ns, text);
  }
  void on_gone(std::string_view key) override { book.forget(key); }

  NatsBook book;
  const nats::Bucket::Self bucket;
};

/// Each as that of nats::Bucket. Errors: unavailable, timed_out.
Task<error_code> ready(std::shared_ptr<NatsAgreement> self);
Task<error_code> refresh(std::shared_ptr<NatsAgreement> self, std::string key);
Task<error_code> purge(std::shared_ptr<NatsAgreement> self, std::string keys, std::uint64_t below);
Task<error_code> carry_out(std::shared_ptr<NatsAgreement> self,
                           std::vector<nats::Request> requests);
Task<error_code> list(std::shared_ptr<NatsAgreement> self, std::string keys, std::size_t limit,
                      nats::Bucket::OnFound on_found);
Task<Result<std::uint64_t>> catch_up(std::shared_ptr<NatsAgreement> self);
/// false = somebody else was first; the book has what he wrote.
Task<Result<bool>> put(std::shared_ptr<NatsAgreement> self, std::string key, std::string text,
                       std::uint64_t expected);

/// An error_code does not turn into this by itself: it could be meant as a bool.
inline Result<bool> failed(error_code error) { return {boost::system::in_place_error, error}; }

}  // namespace weft::cluster
