// The dialect `lua`: a script answers. On WebSocket paths it gets whole messages, on raw listeners
// it also does the framing. The context lives in the script's VM.
#pragma once
#include "node/place.hpp"
#include "script/vm.hpp"
#include "session/dialect.hpp"

namespace weft {

class LuaDialect final : public session::Dialect {
 public:
  LuaDialect(Place& place, script::Vm& vm, script::ScriptId script, script::Protocol protocol,
             std::vector<std::string> subscribe);

  void on_open(session::Session& session, session::Arrival& arrival) override;
  bool on_message(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  void on_close(session::Session& session, const CloseInfo& info) override;
  error_code push(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  bool deliver(session::Session& session, hub::Delivery& delivery) override;
  error_code set_context(session::Session& session, const std::string& json_object) override;
  bool has_context(session::Session& session, const std::string& key) override;

 private:
  bool frames_itself() const { return protocol_ == script::Protocol::socket; }

  Place& place_;
  script::Vm& vm_;
  script::ScriptId script_;
  script::Protocol protocol_;
  std::vector<std::string> subscribe_;
};

}  // namespace weft
