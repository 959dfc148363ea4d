// MemoryLog: the log of a topic in this process's memory, shared by the nodes of one process. What
// the other engines are measured by; says in few lines what job_log.hpp means. All doors to one
// store are on one loop.
#pragma once
#include <map>
#include <vector>

#include "base/clock.hpp"
#include "net/doorbell.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

/// One topic, as its server would keep it.
struct MemoryLogStore {
  struct Entry {
    NewJob job;
    SteadyTime appended;
    unsigned attempts = 0;
    NodeId with = NodeId::none;  ///< who read it last
    SteadyTime due{};            ///< it rests until then
  };
  struct Partition {
    std::map<std::uint64_t, Entry> entries;  // by sequence
    std::uint64_t last = 0;
    std::map<NodeId, std::uint64_t> numbers;  // the last one of each sender
    NodeId owner = NodeId::none;
    SteadyTime until{};
  };
  std::vector<Partition> partitions;
  std::map<NodeId, SteadyTime> contenders;
  std::size_t items = 0, bytes = 0;
  net::Doorbell bell;
};

class MemoryLog final : public JobLog {
 public:
  MemoryLog(std::shared_ptr<MemoryLogStore> store, LogOptions options);

  Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) override;
  Task<Result<Holding>> claim(bool wants) override;
  Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) override;
  Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions, std::size_t max,
                                           Millis wait) override;
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
  using Partition = MemoryLogStore::Partition;
  std::vector<LogEntry> read_now(const std::vector<unsigned>& partitions, std::size_t max);
  bool erase(LogPlace place);
  MemoryLogStore::Entry* mine(LogPlace place);

  const std::shared_ptr<MemoryLogStore> store_;
  LogOptions options_;
  std::uint64_t wakes_ = 0;
  bool stopped_ = false;
};

}  // namespace weft::queue
