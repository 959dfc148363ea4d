// Scripts: the script files of a Vm, loaded and loaded again.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "script/loaded.hpp"
#include "script/vm.hpp"

namespace weft::script {

class Engine;

class Scripts {
 public:
  explicit Scripts(Engine& engine) : engine_(engine) {}

  ScriptId load(ScriptConfig config);  ///< throws ScriptError
  bool reload_changed();
  const std::shared_ptr<Loaded>& at(ScriptId id) const {
    return scripts_.at(static_cast<std::size_t>(id));
  }

  /// While a module runs for the first time its globals are the script's, whoever asked for it.
  void loading_module(int change) { modules_loading_ += change; }
  bool is_loading_module() const { return modules_loading_ > 0; }

 private:
  std::shared_ptr<Loaded> run(ScriptConfig config);
  bool is_changed(Loaded& script) const;

  Engine& engine_;
  std::vector<std::shared_ptr<Loaded>> scripts_;
  int modules_loading_ = 0;
};

}  // namespace weft::script
