// CommandsDialect: messages name a command; the module of the path has its handler and the
// middleware around it. One per path and loop.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "framework/command_message.hpp"
#include "framework/framework_dialect.hpp"
#include "framework/module.hpp"
#include "framework/reply.hpp"

namespace weft::framework {

class CommandsDialect final : public FrameworkDialect {
 public:
  /// `errors`: the client is told of what was not handled; else silence.
  CommandsDialect(LoopContext& context, Rules rules, std::shared_ptr<const SealedModule> module,
                  Audience& audience, bool errors);

 private:
  /// One message on its way, in memory that the next one uses again.
  struct Run {
    CommandMessage message;
    const SealedCommand* command = nullptr;
    std::optional<CommandReply> reply;
    std::optional<MessageContext> context;
    std::optional<CommandCall> call;
    MessageResult refusal;
  };
  using SharedRun = std::shared_ptr<Run>;

  void on_message(LiveConnection& connection, DataType type,
                  std::span<const std::byte> payload) override;
  std::shared_ptr<const Message> decode(LiveConnection& connection, DataType type,
                                        std::span<const std::byte> payload) override;
  void on_closed(LiveConnection& connection, const CloseInfo& info) override;

  const SealedCommand* choose(LiveConnection& connection, Run& run);
  void call(LiveConnection& connection, SharedRun run);
  void wait_for(LiveConnection& connection, SharedRun run);
  static Task<void> walk(SharedRun run, std::shared_ptr<LiveConnection> connection);
  static Task<MessageResult> handle(SharedRun run);
  void finish(LiveConnection& connection, SharedRun run);
  void done(LiveConnection& connection, SharedRun run);

  void tell(LiveConnection& connection, std::string_view code, std::string_view why,
            std::string_view cmd);
  void refuse(LiveConnection& connection, const Run& run);
  void unknown(LiveConnection& connection, const Run& run);
  void threw(LiveConnection& connection, const Run& run, std::exception_ptr error);
  void late(LiveConnection& connection, Run& run);
  void close_threw(LiveConnection& connection, std::exception_ptr error);

  SharedRun take_run();
  void give_back(SharedRun run);

  std::shared_ptr<const SealedModule> module_;
  Audience& audience_;
  bool errors_;
  std::vector<SharedRun> runs_;  // to be used again
};

/// What connections of the module send and are sent by others.
Codec codec_of(const SealedModule& module);

}  // namespace weft::framework
