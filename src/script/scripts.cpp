#include "script/scripts.hpp"

#include "base/log.hpp"
#include "script/sandbox.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

/// Runs in a coroutine: environment, file, init(), callbacks. engine.scratch holds the file's text.
int run_file(lua_State* L) {
  Engine& engine = engine_of(L);
  Loaded& script = *engine.events.current()->loaded;
  script.make_environment(L);
  lua_pushfstring(L, "@%s", script.config().file.c_str());
  script.compile(L, engine.scratch, lua_tostring(L, -1));
  Loaded::remember_name(L, script.files().front());
  lua_call(L, 0, 0);

  script.push_environment(L);
  lua_pushliteral(L, "init");
  lua_rawget(L, -2);
  if (lua_isfunction(L, -1)) lua_call(L, 0, 0);
  script.take_callbacks(L);
  return 0;
}

}  // namespace

std::shared_ptr<Loaded> Scripts::run(ScriptConfig config) {
  auto script = std::make_shared<Loaded>(engine_.machine, std::move(config));
  const ScriptConfig& its = script->config();
  script->files().push_back(SourceFile::read(its.file, engine_.scratch));

  Event event;
  event.kind = Event::Kind::load;
  event.loaded = script;
  event.budget.limit = engine_.limits.load_watchdog;
  const std::string problem = engine_.events.run_now(event, run_file, nullptr, nullptr);
  if (!problem.empty())
    throw ScriptError(place_in(problem).line ? problem : its.file + ": " + problem);
  if (its.protocol == Protocol::socket && !script->has(Callback::input)) {
    throw ScriptError(
        its.file +
        ": a socket listener needs a function protocol_input that finds the end of a package");
  }
  return script;
}

ScriptId Scripts::load(ScriptConfig config) {
  scripts_.push_back(run(std::move(config)));
  return static_cast<ScriptId>(scripts_.size()) - 1;
}

bool Scripts::is_changed(Loaded& script) const {
  bool changed = false;
  for (SourceFile& file : script.files()) changed |= file.is_touched() && file.is_changed();
  return changed;
}

bool Scripts::reload_changed() {
  // Every loop's Vm finds the same: one of them tells.
  const bool tells = engine_.loop.index() == 0;
  bool replaced = false;
  for (std::shared_ptr<Loaded>& script : scripts_) {
    if (!is_changed(*script)) continue;
    try {
      script = run(script->config());
      replaced = true;
      if (tells)
        log::info("{}: loaded again for {}", script->config().file, script->config().listener);
    } catch (const ScriptError& error) {
      if (!tells) continue;
      log::error("{}", error.what());
      log::error("  the script as it was before goes on");
    }
  }
  return replaced;
}

}  // namespace weft::script
