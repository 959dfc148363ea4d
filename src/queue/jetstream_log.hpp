// JetstreamLog: the log of a topic in a file stream of JetStream, one subject for each partition. A
// job that is done is deleted from the stream. Who owns a partition, and what of it is in flight,
// stands in a key-value bucket beside it (jetstream_record.hpp); changes of owners are
// compare-and-sets, and time is that of the server's messages.
//
// The bound in items is the stream's own (max_msgs, discard new). That in bytes is checked by each
// node before it appends: nodes that append in the same moment may pass it by what they append. A
// repeated append is known as one for two minutes, the server's window for message ids.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/doorbell.hpp"
#include "queue/jetstream_record.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class JetstreamLog final : public JobLog {
 public:
  JetstreamLog(net::Loop& home, nats::NatsOptions server, const std::string& prefix,
               LogOptions options);
  ~JetstreamLog() override { stop(); }

  Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) override;
  Task<Result<Holding>> claim(bool wants) override;
  Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) override;
  Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions, std::size_t max,
                                           std::chrono::milliseconds wait) override;
  void wake() override;
  Task<Result<void>> ack(std::vector<LogPlace> places) override;
  Task<Result<void>> again(std::vector<LogPlace> places) override;
  Task<Result<void>> rest(std::vector<Rest> rests) override;
  Task<Result<void>> ping() override;
  Task<Result<LogStatus>> status() override;
  Task<Result<std::vector<LogEntry>>> peek(std::size_t limit) override;
  Task<Result<std::size_t>> remove(std::vector<LogPlace> places) override;
  Task<Result<std::size_t>> purge() override;
  void set_limits(std::size_t max_items, std::size_t max_bytes) override;
  void stop() override;

 private:
  using Entries = std::vector<LogEntry>;
  using Sequences = std::vector<std::uint64_t>;
  /// A partition as this node reads it. Sequences are the stream's.
  struct Part {
    bool is_owned = false;
    bool may_have_more = false;   ///< else somebody rings when there is
    std::uint64_t next = 1;       ///< to be looked for from here on
    InFlight held = {};           ///< read by this node and not settled
    InFlight before = {};         ///< in flight when it was taken over
    bool is_record_old = false;   ///< the record names some that are settled
    unsigned term = 0;            ///< of owning: answers to an earlier one are of no use
    std::uint64_t stored = 0;     ///< the number of the last job of ours that surely is
    std::uint64_t uncertain = 0;  ///< up to here they may be
    std::map<std::uint64_t, unsigned> tries = {};  ///< ids that were used up, by number
  };
  struct State {  // of the stream
    std::uint64_t items = 0, bytes = 0, last = 0;
    std::int64_t first_ns = 0;
    std::map<std::string, std::uint64_t> by_subject = {};
  };

  // --- asking ---
  Task<error_code> ready();
  Task<error_code> make_stream();
  Task<Result<nats::JsAnswer>> call(std::string what, boost::json::object request);
  Task<Result<std::vector<nats::Message>>> ask(std::vector<nats::Request> requests);
  Task<Result<State>> state(bool by_subject);
  Task<Result<std::vector<InFlight>>> records();
  Task<Result<std::size_t>> erase(Sequences sequences);
  Task<error_code> write_records(std::vector<unsigned> partitions);
  error_code told(error_code error);

  // --- appending ---
  enum class Fate : std::uint8_t { stored, known, full };
  std::size_t fitting(const Part& part, const std::vector<NewJob>& jobs, std::uint64_t used) const;
  Task<Result<std::vector<Fate>>> publish(unsigned partition, std::vector<NewJob> jobs);
  Task<Result<std::vector<Fate>>> publish_one_by_one(unsigned partition, std::vector<NewJob> jobs);
  Task<error_code> take_back(unsigned partition, Sequences sequences, Sequences numbers);
  Result<Fate> fate_of(const nats::Message& message, std::uint64_t& sequence);
  nats::Request to_store(unsigned partition, const NewJob& job) const;
  std::uint64_t data_bytes(const State& state) const;

  // --- owning and reading ---
  Task<error_code> take_more();
  Task<error_code> settle_in();
  void begin(Part& part, InFlight before);
  Task<error_code> read_all(std::vector<unsigned> partitions, std::size_t max, Entries& found);
  Task<error_code> read_round(std::vector<unsigned> partitions, Entries& found);
  Task<error_code> look_for_news();
  void put_back(const Entries& entries);
  std::vector<unsigned> readable(const std::vector<unsigned>& partitions) const;
  std::vector<unsigned> promising(const std::vector<unsigned>& partitions, std::size_t max);
  static InFlight record_of(const Part& part);
  Flight* held(LogPlace place);
  bool owns(unsigned partition) const { return ledger_.owner(partition) == options_.me; }
  void on_bell(const nats::Message& message);

  std::string subject_of(unsigned partition) const;
  std::uint64_t place_of(std::uint64_t sequence) const { return base_ + sequence; }
  std::optional<std::uint64_t> sequence_of(const LogPlace& place) const;
  nats::Request to_get(unsigned partition, std::uint64_t from) const;

  LogOptions options_;
  const std::string stream_, root_, bell_subject_;  // root_ ends with a dot
  TopicLedger ledger_;
  const nats::Bucket::Self bucket_;
  std::vector<Part> parts_;
  std::uint64_t base_ = 0;       // of the sequences that others see: from the stream's birth
  std::uint64_t looked_at_ = 0;  // the stream's last sequence when somebody last looked
  bool is_made_ = false, is_reading_ = false, stopped_ = false;
  std::uint64_t wakes_ = 0;
  std::size_t first_ = 0;  // partition, when there is room for fewer than there are
  net::Doorbell bell_;
};

}  // namespace weft::queue
